"""Sends requests with urllib3."""

from __future__ import annotations

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    SSLError,
    TimeoutError,
)

from ._types import Answer, NoAnswer, Request

_POOL = urllib3.PoolManager(retries=False, maxsize=16)


def send(request: Request) -> Answer | NoAnswer:
    """Sends a request, and says what became of it. Publishers use it unless they are given another."""
    try:
        answer = _POOL.request(
            request.method,
            request.url,
            body=request.body,
            headers=dict(request.headers),
            redirect=False,
            timeout=urllib3.Timeout(total=request.timeout_secs),
        )
    except (NewConnectionError, ConnectTimeoutError) as error:
        return NoAnswer("unreachable", str(error))
    except SSLError as error:
        return NoAnswer("tls-failed", str(error))
    except TimeoutError as error:
        return NoAnswer("timed-out", str(error))
    except HTTPError as error:
        return NoAnswer("lost", str(error))
    return Answer(answer.status, tuple(answer.headers.items()), answer.data)
