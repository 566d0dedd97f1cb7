"""The component in wasmtime: its functions, and its values as Python's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant

from ._errors import ConfigurationError, MisuseError, TrapError
from ._types import Answer, Failure, NoAnswer, Outcome, Problem, Publication, Report, Request

_INTERFACE = "action-triggers:edge/publisher@0.1.0"


@lru_cache(maxsize=1)
def _compiled() -> tuple[Engine, Component]:
    """Compiles the component once for all publishers of the process.

    Wasmtime keeps the machine code in the user's cache folder, by the digest of the file and its own version.
    """
    config = Config()
    try:
        config.cache = True
    except WasmtimeError:
        # There is no folder for it: compile each time.
        config = Config()
    engine = Engine(config)
    return engine, Component.from_file(engine, str(Path(__file__).with_name("edge.wasm")))


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def record(**members: Any) -> Record:
    made = Record()
    made.__dict__.update({name.replace("_", "-"): value for name, value in members.items()})
    return made


def now() -> Record:
    return record(monotonic_ms=monotonic_ms(), unix_ms=time.time_ns() // 1_000_000)


def pairs(texts: Mapping[str, str], name: str, value: str) -> list[Record]:
    return [record(**{name: key, value: text}) for key, text in texts.items()]


class Edge:
    """An instance of the component."""

    def __init__(self) -> None:
        engine, component = _compiled()
        self._store = Store(engine)
        self._instance = Linker(engine).instantiate(self._store, component)
        self._interface = self._instance.get_export_index(self._store, _INTERFACE)
        self._trap: Exception | None = None

    def call(self, name: str, *arguments: object) -> Any:
        """Calls a function. After a trap the instance's memory means nothing any more."""
        if self._trap is None:
            try:
                answer = self._function(name)(self._store, *arguments)
                self._check(answer)
                return getattr(answer, "payload", answer)
            except WasmtimeError as error:
                self._trap = error
        message = f"the component broke down ({self._trap}); its records are lost: make another Publisher"
        raise TrapError(message) from self._trap

    def _function(self, name: str) -> Any:
        index = self._instance.get_export_index(self._store, name, self._interface)
        return self._instance.get_func(self._store, index)

    @staticmethod
    def _check(answer: Any) -> None:
        # The error of `start` comes without a tag.
        fault = answer if isinstance(answer, list) else None
        if isinstance(answer, Variant) and answer.tag == "err":
            fault = answer.payload
        if isinstance(fault, list):
            raise ConfigurationError(tuple(map(problem, fault)))
        if fault is not None:
            raise MisuseError(fault.code, fault.message)


def problem(given: Any) -> Problem:
    is_error = getattr(given, "is-error")
    return Problem(is_error, given.code, given.path, given.message, given.help)


def _failure(given: Any) -> Failure:
    return Failure(given.code, given.message)


def _publication(given: Any) -> Publication:
    if isinstance(given.outcome, str):
        return Publication(given.trigger, given.queue, topic=given.outcome)
    return Publication(given.trigger, given.queue, failure=_failure(given.outcome))


def outcome(given: Any) -> Outcome:
    if isinstance(given.publications, list):
        return Outcome(given.event, tuple(map(_publication, given.publications)))
    return Outcome(given.event, failure=_failure(given.publications))


def report(given: Any) -> Report:
    of_record = (given.id.event, given.id.trigger, given.id.queue, given.topic, given.attempts)
    end = given.outcome.payload
    if given.outcome.tag == "err":
        return Report(*of_record, failure=_failure(end), may_be_written=getattr(given, "may-be-written"))
    return Report(*of_record, partition=end.partition, offset=end.offset)


def request(given: Any) -> Request:
    headers = tuple((name, value) for name, value in given.headers)
    timeout = getattr(given, "timeout-ms") / 1000
    body = None if given.body is None else bytes(given.body)
    return Request(given.method, given.url, headers, body, timeout)


def response(given: Answer | NoAnswer) -> Variant:
    if isinstance(given, NoAnswer):
        return Variant("failed", record(reason=given.reason, message=given.message))
    headers = [(name, value) for name, value in given.headers]
    return Variant("answered", record(status=given.status, headers=headers, body=given.body))
