"""The modules a canister is made of, as the collect stage finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from basilisk.build.facts import Facts, Place
from basilisk.errors import Location

__all__ = ["Collection", "ImportedBy", "Module", "Package"]


@dataclass(frozen=True)
class Module:
    """One module of the program.

    ``file`` is the relative name that tracebacks show; ``folders`` is where a package's submodules are
    (several for a namespace package).  ``refused`` says why importing it fails in a canister; ``deferred``
    are modules whose import, which would fail, happens when they are used.
    """

    name: str
    file: str
    source: bytes = field(repr=False)
    user: bool
    folders: tuple[Path, ...] = ()
    path: Path | None = None
    refused: str | None = None
    deferred: tuple[str, ...] = ()
    facts: Facts = field(default=Facts(), repr=False)

    @property
    def package(self) -> bool:
        return bool(self.folders)


@dataclass(frozen=True)
class ImportedBy:
    """The first import statement that led to a module."""

    module: str
    place: Place


@dataclass(frozen=True)
class Package:
    """An installed distribution, or the program itself (without a name): what of it goes into a canister.

    ``modules`` maps names to bytes of source, ``data`` paths to bytes; ``native`` are the files of extension
    modules that stay out.  ``unread`` counts data files that nothing could read, so that they stay out too.
    ``deferred`` are modules of the library that cannot work and that the package fails on when it uses them.
    """

    name: str
    version: str = ""
    modules: dict[str, int] = field(default_factory=dict)
    data: dict[str, int] = field(default_factory=dict)
    native: tuple[str, ...] = ()
    unread: int = 0
    deferred: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of sources and data."""
        return sum(self.modules.values()) + sum(self.data.values())


@dataclass(frozen=True)
class Collection:
    """All modules of a program besides the standard library and Basilisk's own, by name.

    ``data`` are further files by path, ``library`` the modules of the standard library that import statements
    name, ``packages`` says what all that belongs to.  ``profile`` is ``full``, or ``used`` for a canister
    that carries only what it can reach of the standard library.  ``own`` are the modules of Basilisk that
    import statements name.
    """

    entry: str
    modules: dict[str, Module]
    importers: dict[str, ImportedBy]
    root_shown: str = ""
    data: dict[str, bytes] = field(default_factory=dict, repr=False)
    library: frozenset[str] = frozenset()
    packages: tuple[Package, ...] = ()
    profile: str = "full"
    own: frozenset[str] = frozenset()

    def chain(self, name: str) -> Iterator[tuple[Module, Place]]:
        """The import statements from a module of the user's to ``name``, outermost first."""
        steps: list[tuple[Module, Place]] = []
        seen = set()
        while name in self.importers and name not in seen:
            seen.add(name)
            by = self.importers[name]
            module = self.modules.get(by.module)
            if module is None:
                break
            steps.append((module, by.place))
            if module.user:
                break
            name = by.module
        return iter(reversed(steps))

    def by_file(self, file: str) -> Module | None:
        """The module whose relative file name is ``file``."""
        return next((module for module in self.modules.values() if module.file == file), None)

    def location(self, module: Module, line: int | None = None, column: int | None = None) -> Location:
        """A place in a module as messages show it: below the current folder for the user's own files."""
        shown = f"{self.root_shown}{module.file}" if module.user else module.file
        return Location(shown, line or None, column or None)

    def request(self) -> dict[str, object]:
        """The ``load`` request's table of modules, sorted, with nothing of this machine in it."""
        table: dict[str, object] = {}
        for name in sorted(self.modules):
            module = self.modules[name]
            file = module.file if module.path is not None else None  # a namespace package has no file
            row: dict[str, object] = {"package": module.package, "file": file, "source": module.source}
            if module.refused is not None:
                row["refused"] = module.refused
            table[name] = row
        return table
