"""What a publisher gives and takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not published."""

    code: str
    """Stable. `action-triggers codes` says what each means and what to do about it."""
    message: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a queue of a trigger that fired: where its record goes, or why there is none."""

    trigger: str
    queue: int
    topic: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event: one publication for each queue of each trigger that fired, or why it was not read."""

    event: str
    publications: tuple[Publication, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The name of a record, the same however often it is delivered, and how it ended.

    It was delivered where there is no failure. `partition` and `offset` say where it lies, as far as the proxy
    tells.
    """

    event: str
    trigger: str
    queue: int
    topic: str
    attempts: int
    """How often it was sent."""
    partition: int | None = None
    offset: int | None = None
    failure: Failure | None = None
    may_be_written: bool = False
    """Whether some attempt may have written a record that failed: sent again, it may be there twice."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a configuration, or is hardly meant."""

    is_error: bool
    code: str
    """Stable, such as `unknown_cluster`."""
    path: str
    """Where, such as `$.clusters`."""
    message: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to be sent, without following redirects."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    """They may hold secrets."""
    body: bytes | None
    timeout_secs: float
    """After so long without a complete answer it ends with `NoAnswer("timed-out", …)`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request, its body as it came or decompressed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why a request has no answer.

    `unreachable` and `tls-failed` say that nothing was sent; `lost` that nobody knows what happened.
    """

    reason: Literal["unreachable", "tls-failed", "timed-out", "lost"]
    message: str
    """What happened, without any header of the request."""
