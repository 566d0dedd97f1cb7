"""A publisher: the component, and requests on their way."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import RLock
from typing import Any, Literal

from . import _check, _component
from ._component import Edge, monotonic_ms, now
from ._http import send as send_with_urllib3
from ._types import Answer, NoAnswer, Outcome, Problem, Report, Request

_MOST_REQUESTS = 16
"""Requests at once. The configuration's `max_in_flight` of each cluster bounds them too."""


class Publisher:
    """Publishes to Kafka what triggers make of events, through a Kafka REST proxy.

    The rules of delivery (order, batches, retries, verdicts) are those of the host of action-triggers, and so is
    the configuration. Records wait in memory. Calls from several threads wait for each other.

    `config` is the text of a configuration file, and `files` are the texts of the files that it names, by path as
    it is written there. Both are left out where the package was made of a component that `action-triggers bake`
    configured. `secrets` are under the names of their environment variables or the paths of their
    files. `send` sends requests, from threads of its own; what it raises counts as an answer that was lost.

    Raises `ConfigurationError` with every fault of the configuration, and `TypeError` with what to write instead.
    """

    warnings: tuple[Problem, ...]
    """What is hardly meant in the configuration. Of a baked one `action-triggers bake` has told it."""

    def __init__(
        self,
        config: str | None = None,
        *,
        syntax: Literal["json", "toml"] = "json",
        files: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        send: Callable[[Request], Answer | NoAnswer] = send_with_urllib3,
    ) -> None:
        files, secrets = files or {}, secrets or {}
        if config is not None:
            _check.text("config", config, "give the text of a configuration file")
        if syntax not in ("json", "toml"):
            raise TypeError(f'invalid syntax {syntax!r}: give "json" or "toml"')
        _check.texts("files", files)
        _check.function("send", send)
        self._send = send
        self._lock = RLock()
        self._requests: list[Any] = []
        self._reports: list[Report] = []
        self._wake_at_ms: int | None = None
        self._edge = Edge()
        self.warnings = () if config is None else self._configure(config, syntax, files)
        self.renew(secrets)

    def _configure(self, config: str, syntax: str, files: Mapping[str, str]) -> tuple[Problem, ...]:
        configuration = _component.record(text=config, syntax=syntax, files=_component.pairs(files, "path", "text"))
        return tuple(map(_component.problem, self._edge.call("configure", configuration)))

    def renew(self, secrets: Mapping[str, str]) -> None:
        """Replaces the secrets, for example after a renewal: all of them.

        Raises `ConfigurationError` where one that the configuration names is missing.
        """
        _check.texts("secrets", secrets)
        with self._lock:
            self._edge.call("start", _component.pairs(secrets, "name", "value"), os.urandom(16))

    def process(self, events: Sequence[str]) -> list[Outcome]:
        """Decides which triggers fire for each event, and takes on what they publish; `flush` sends it.

        An event is the JSON text that it came as. A dict is refused: `json.loads` has changed its decimals.

        Gives one outcome for each event, in order. Raises `MisuseError` where there is no room for more records:
        `flush`, and call it again.
        """
        _check.events(events)
        with self._lock:
            processed = self._edge.call("process", list(events), now())
            self._take(processed.step)
            return [_component.outcome(one) for one in processed.outcomes]

    def flush(self) -> list[Report]:
        """Sends what was taken on, until every record has ended. Gives the reports since the last call."""
        with self._lock, ThreadPoolExecutor(_MOST_REQUESTS) as pool:
            sent: dict[Future[Answer | NoAnswer], int] = {}
            while True:
                for request in self._requests:
                    sent[pool.submit(self._attempt, _component.request(request))] = request.id
                self._requests = []
                if not sent and self._wake_at_ms is None:
                    reports, self._reports = self._reports, []
                    return reports
                self._wait(sent)

    def give_up(self) -> list[Report]:
        """Ends every record that has not ended, and gives the reports. What was sent may still arrive."""
        with self._lock:
            self._take(self._edge.call("give-up"))
            self._requests = []
            reports, self._reports = self._reports, []
            return reports

    def _attempt(self, request: Request) -> Answer | NoAnswer:
        """Sends a request. Whatever goes wrong, its record has to end."""
        try:
            return self._send(request)
        except Exception as error:
            return NoAnswer("lost", f"{type(error).__name__}: {error}")

    def _wait(self, sent: dict[Future[Answer | NoAnswer], int]) -> None:
        """Waits for an answer, or for the time at which the component wants to be woken."""
        rest = None
        if self._wake_at_ms is not None:
            rest = max(0, self._wake_at_ms - monotonic_ms()) / 1000
        if not sent:
            time.sleep(rest or 0)
        done = wait(sent, timeout=rest, return_when=FIRST_COMPLETED).done if sent else set()
        for future in done:
            response = _check.at_once("send", future.result())
            self._take(self._edge.call("answer", sent.pop(future), _component.response(response), now()))
        if not done:
            self._take(self._edge.call("wake", now()))

    def _take(self, step: Any) -> None:
        self._requests += step.requests
        self._reports += map(_component.report, step.reports)
        self._wake_at_ms = getattr(step, "wake-at-ms")
