"""Publishes to Kafka what triggers make of changed model instances, through a Kafka REST proxy.

>>> from action_triggers_edge import Publisher
>>> publisher = Publisher(config_text, files={"triggers.json": triggers_text})  # doctest: +SKIP
>>> outcomes = publisher.process([event_text])  # doctest: +SKIP
>>> reports = publisher.flush()  # doctest: +SKIP
"""

from ._errors import ConfigurationError, MisuseError, TrapError
from ._http import send
from ._publisher import Publisher
from ._types import Answer, Failure, NoAnswer, Outcome, Problem, Publication, Report, Request

__all__ = [
    "Answer",
    "ConfigurationError",
    "Failure",
    "MisuseError",
    "NoAnswer",
    "Outcome",
    "Problem",
    "Publication",
    "Publisher",
    "Report",
    "Request",
    "TrapError",
    "send",
]
