"""Puts edge.wasm into the package while it is built.

It comes from the folder that `action-triggers component` wrote: target/edge of the tree, or the one that
ACTION_TRIGGERS_EDGE names.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "edge.wasm"


class ComponentHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        default = Path(self.root).parents[2] / "target" / "edge"
        folder = Path(os.environ.get("ACTION_TRIGGERS_EDGE") or default)
        component = folder / NAME
        if not component.is_file():
            raise FileNotFoundError(
                f"{component} is missing. Write it with: action-triggers component --output {folder}"
                " (feature `edge`)"
            )
        digest = hashlib.sha256(component.read_bytes()).hexdigest()
        if f"{digest}  {NAME}" not in (folder / "SHA256SUMS").read_text().splitlines():
            raise ValueError(f"{component} is not the file that SHA256SUMS tells of: write both anew")
        build_data["force_include"][str(component)] = f"action_triggers_edge/{NAME}"
