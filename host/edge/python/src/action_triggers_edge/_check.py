"""Calls that mean something else than they do are refused with a word on what to write."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def _wrong(what: str, value: object, advice: str) -> TypeError:
    if inspect.isawaitable(value):
        _close(value)
        advice = "await it first"
    elif isinstance(value, (bytes, bytearray, memoryview)):
        advice = 'decode it with `.decode("utf-8")`'
    return TypeError(f"{what} is of type `{type(value).__name__}`: {advice}")


def _close(value: object) -> None:
    """A coroutine that nobody awaits says so on standard error otherwise."""
    if inspect.iscoroutine(value):
        value.close()


def text(what: str, value: object, advice: str = "give a text") -> None:
    if not isinstance(value, str):
        raise _wrong(what, value, advice)


def texts(what: str, values: object) -> None:
    if not isinstance(values, Mapping):
        raise _wrong(what, values, 'give a dict of texts, such as {"NAME": "text"}')
    for name, value in values.items():
        text(f"{what}[{name!r}]", value)


def events(values: object) -> None:
    if not isinstance(values, (list, tuple)):
        raise _wrong("events", values, "give a list, as in `process([event])`")
    advice = (
        "give the JSON text that it came as. Only where you made the object yourself, json.dumps it: "
        "read from JSON, it has lost digits"
    )
    for place, value in enumerate(values):
        text(f"events[{place}]", value, advice)


def function(what: str, value: object) -> None:
    if not callable(value):
        raise _wrong(what, value, "give a function")


def at_once(what: str, value: T) -> T:
    """What a function gave may not have to be awaited: nobody would."""
    if inspect.isawaitable(value):
        _close(value)
        raise TypeError(f"{what} gave a coroutine, and nobody awaits it: make it a function that is not async")
    return value
