"""Basilisk's own modules as they are shipped into canisters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from basilisk.build.collect import HOST_ONLY

__all__ = ["OPTIONAL", "guest_digest", "guest_modules", "optional_modules"]

#: Packages that only canisters carry whose program imports them, with the names that lead to them.
OPTIONAL = {
    "basilisk.canisters": ("basilisk.canisters", "kybra.canisters"),
    "basilisk.http": ("basilisk.http",),
}

_PACKAGE = Path(__file__).resolve().parents[1]


def guest_modules() -> dict[str, dict[str, object]]:
    """The ``load`` request's table of what every canister carries, sorted."""
    return {name: row for name, row in _all_modules().items() if _optional(name) is None}


def optional_modules(imported: Iterable[str]) -> dict[str, dict[str, object]]:
    """The table of the optional packages that a program needs which imports these modules, sorted."""
    wanted = {
        package
        for package, names in OPTIONAL.items()
        if any(f"{module}.".startswith(f"{name}.") for module in imported for name in names)
    }
    return {name: row for name, row in _all_modules().items() if _optional(name) in wanted}


def _optional(name: str) -> str | None:
    """The optional package that a module belongs to."""
    return next((package for package in OPTIONAL if f"{name}.".startswith(f"{package}.")), None)


@lru_cache(maxsize=1)
def _all_modules() -> dict[str, dict[str, object]]:
    """The package ``basilisk`` without its host-only parts."""
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
    """SHA-256 over names and contents of the modules, the optional ones included."""
    state = hashlib.sha256()
    for name, row in _all_modules().items():
        source = row["source"]
        assert isinstance(source, bytes)
        state.update(f"{name},{row['file']},{len(source)};".encode())
        state.update(source)
    return state.digest()
