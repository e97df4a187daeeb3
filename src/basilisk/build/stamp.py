"""The note beside the results that says what they were built from, so that nothing is built twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from basilisk.build.modules import Collection
from basilisk.runtime import Runtime
from basilisk.runtime.cache import read_cached

__all__ = ["Stamp", "input_digest"]

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Stamp:
    """``inputs`` is a digest of everything the results depend on, ``outputs`` maps file names to SHA-256.

    ``facts`` is what a build would report again: methods, warnings, sizes.
    """

    inputs: str
    outputs: dict[str, str]
    facts: dict[str, Any]

    def to_bytes(self) -> bytes:
        content = {"inputs": self.inputs, "outputs": self.outputs, **self.facts}
        return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def read(cls, path: Path) -> Stamp | None:
        """The stamp at ``path``; None when there is none or it cannot be understood."""
        data = read_cached(path)
        if data is None:
            return None
        try:
            content = json.loads(data)
            inputs, outputs = content.pop("inputs"), content.pop("outputs")
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return cls(inputs, outputs, content) if isinstance(outputs, dict) else None

    def matches(self, inputs: str, folder: Path) -> bool:
        """True when the results in ``folder`` are those of ``inputs``, whole and unchanged."""
        if self.inputs != inputs or not self.outputs:
            return False
        for name, digest in self.outputs.items():
            data = read_cached(folder / name)
            if data is None or hashlib.sha256(data).hexdigest() != digest:
                return False
        return True


def input_digest(name: str, runtime: Runtime, collection: Collection) -> str:
    """Digest of all that a canister depends on: its name's files, the runtime, Basilisk, the sources."""
    state = hashlib.sha256()

    def add(*parts: bytes) -> None:
        for part in parts:
            state.update(len(part).to_bytes(8, "little"))
            state.update(part)

    add(name.encode(), runtime.digest.encode(), collection.entry.encode(), collection.profile.encode())
    for path, data in collection.data.items():
        add(path.encode(), data)
    for source in sorted(_PACKAGE.rglob("*.py")):
        add(source.relative_to(_PACKAGE).as_posix().encode(), source.read_bytes())
    for module in sorted(collection.modules.values(), key=lambda item: item.name):
        refused = (module.refused or "").encode()
        add(module.name.encode(), module.file.encode(), bytes([module.package]), refused, module.source)
    return state.hexdigest()
