"""Hatchling hook: a wheel that carries the runtime artefact named by BASILISK_WHEEL_RUNTIME."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RuntimeHook(BuildHookInterface[Any]):
    """Adds the artefact where ``basilisk.runtime.lookup`` looks for it; without one nothing changes."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files."""
        artefact = os.environ.get("BASILISK_WHEEL_RUNTIME")
        if artefact and version == "standard":
            if not os.path.isfile(artefact):
                raise FileNotFoundError(f"BASILISK_WHEEL_RUNTIME names {artefact}, which is not a file")
            build_data["force_include"][artefact] = "basilisk/runtime/artefact/runtime.wasm.zst"
