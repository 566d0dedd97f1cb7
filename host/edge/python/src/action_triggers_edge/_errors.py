"""What a publisher raises."""

from __future__ import annotations

from ._types import Problem


class ConfigurationError(Exception):
    """The configuration, its triggers or the secrets have faults: all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        def line(one: Problem) -> str:
            help = f" ({one.help})" if one.help else ""
            return f"{one.path}: {one.message}{help} [{one.code}]"

        super().__init__("\n".join(map(line, problems)))
        self.problems = problems


class MisuseError(Exception):
    """The publisher cannot do this now."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} [{code}]")
        self.code = code
        """Stable, such as `outbox_full`."""


class TrapError(Exception):
    """The component broke down. The publisher is of no use any more, and the records that it held are lost."""
