"""Basilisk's own modules as they are shipped into every canister."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from basilisk.build.collect import HOST_ONLY

__all__ = ["guest_digest", "guest_modules"]

_PACKAGE = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=1)
def guest_modules() -> dict[str, dict[str, object]]:
    """The ``load`` request's table for the package ``basilisk`` without its host-only parts, sorted."""
    table: dict[str, dict[str, object]] = {}
    for path in sorted(_PACKAGE.rglob("*.py")):
        relative = path.relative_to(_PACKAGE.parent)
        inner = relative.parts[1].removesuffix(".py")
        if inner in HOST_ONLY:
            continue
        package = path.name == "__init__.py"
        parts = relative.parent.parts if package else relative.with_suffix("").parts
        table[".".join(parts)] = {
            "package": package,
            "file": relative.as_posix(),
            "source": path.read_bytes(),
            "own": True,
        }
    return dict(sorted(table.items()))


def guest_digest() -> bytes:
    """SHA-256 over names and contents of the modules."""
    state = hashlib.sha256()
    for name, row in guest_modules().items():
        source = row["source"]
        assert isinstance(source, bytes)
        state.update(f"{name},{row['file']},{len(source)};".encode())
        state.update(source)
    return state.digest()
