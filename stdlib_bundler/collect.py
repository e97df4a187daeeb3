"""Finds the modules of a ``Lib`` folder and asks the policy about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stdlib_bundler import edits, policy

__all__ = ["Source", "modules", "own_modules"]

_OWN = Path(__file__).parent / "guest"

_SKIPPED_FOLDERS = frozenset({"__pycache__", "test", "tests"})


@dataclass(frozen=True)
class Source:
    """A module's source.  ``file`` is its path relative to ``Lib`` with forward slashes."""

    name: str
    file: str
    package: bool
    text: bytes


def _walk(folder: Path, prefix: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Path]]:
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if entry.is_dir():
            if entry.name not in _SKIPPED_FOLDERS and entry.name.isidentifier():
                yield from _walk(entry, (*prefix, entry.name))
        elif entry.suffix == ".py" and entry.stem.isidentifier():
            yield (*prefix, entry.stem), entry


def modules(lib: Path, built_in: frozenset[str] = policy.BUILT_IN) -> list[Source]:
    """All modules below ``lib`` that ship, sorted by name, with the edits of ``edits`` made."""
    found = []
    for parts, path in _walk(lib, ()):
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        if name and policy.fate(name, built_in)[0] == "shipped":
            file = path.relative_to(lib).as_posix()
            found.append(Source(name, file, package, edits.apply(file, path.read_bytes())))
    return sorted(found, key=lambda source: source.name)


def own_modules() -> list[Source]:
    """Modules that CPython generates while it is built, in the form that fits a canister."""
    return [
        Source(path.stem, path.name, False, path.read_bytes())
        for path in sorted(_OWN.glob("*.py"), key=lambda path: path.name)
    ]
