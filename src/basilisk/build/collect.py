"""The collect stage: follow the imports from the entry file to every module the canister needs.

The order of look-up is Python's: the folder of the entry file, the standard library, the packages of the
active environment.  What cannot work in a canister is reported at the import statement that asks for it,
unless the program is prepared for its absence.
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from basilisk.build.check import check, encoding_problem, read_source, try_facts
from basilisk.build.datafiles import may_read_data
from basilisk.build.deferral import defer_refused
from basilisk.build.distributions import Installed
from basilisk.build.environment import Candidate, environment_folders, forget_listings, lookup
from basilisk.build.facts import ImportFact, Place
from basilisk.build.included import included_files, is_pattern
from basilisk.build.modules import Collection, ImportedBy, Module
from basilisk.build.packages import belongings
from basilisk.build.project import Project
from basilisk.errors import BasiliskError, Location, ProgramError, UsageError
from basilisk.runtime.stdlib import StdlibIndex

__all__ = ["HOST_ONLY", "OWN_PACKAGES", "collect"]

OWN_PACKAGES = frozenset({"basilisk", "kybra"})
"""Packages that every canister carries."""

HOST_ONLY = frozenset(
    {
        "bindings",
        "build",
        "cli",
        "engine",
        "migrate",
        "replica",
        "runtime",
        "testing",
        "toolbox",
        "wasm",
        "__main__",
    }
)
"""Subpackages of basilisk that exist on the host alone."""

_DOTTED = re.compile(rb"""["']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)["']""")
_PLAIN = re.compile(rb"""["']([A-Za-z_]\w*)["']""")

_ALIASES = frozenset({"collections.abc", "os.path"})
"""Modules that another module puts into ``sys.modules`` under a name of its own."""


def collect(project: Project, stdlib: StdlibIndex, folders: tuple[Path, ...] | None = None) -> Collection:
    """All modules that ``project`` needs, checked.

    ``folders`` are the places of installed packages, by default those of the active environment.
    Raises :class:`ProgramError` for the first thing that is wrong; its details list the others.
    """
    forget_listings()
    return _Collector(
        project, stdlib, environment_folders(project.root) if folders is None else folders
    ).run()


class _Collector:
    def __init__(self, project: Project, stdlib: StdlibIndex, folders: tuple[Path, ...]) -> None:
        self.project = project
        self.stdlib = stdlib
        self.folders = folders
        self.modules: dict[str, Module] = {}
        self.importers: dict[str, ImportedBy] = {}
        self.queue: deque[Module] = deque()
        self.problems: list[BasiliskError] = []
        self.library: set[str] = set()
        self.included: set[str] = set()
        self.own: set[str] = set()
        self.installed = Installed(folders)
        shown = project.display(project.source_root)
        self.root_shown = "" if shown == "." else shown + os.sep

    def run(self) -> Collection:
        self._entry()
        patterns = tuple(item for item in self.project.include if is_pattern(self.project, item))
        for name in self.project.include:
            if name not in patterns:
                self._include(name)
        self._drain()
        self._named_in_texts()
        self._read_by_others()
        self._drain()
        self._raise_problems()
        packages, data = belongings(self.modules, self.installed, self.included)
        files = included_files(self.project, patterns)
        sizes = {path: len(content) for path, content in files.items()}
        packages = tuple(
            replace(package, data={**package.data, **sizes}) if not package.name else package
            for package in packages
        )
        return Collection(
            self.project.module,
            dict(self.modules),
            dict(self.importers),
            self.root_shown,
            dict(sorted({**data, **files}.items())),
            frozenset(self.library),
            packages,
            self.project.stdlib,
            frozenset(self.own),
        )

    def _drain(self) -> None:
        while self.queue:
            module = self.queue.popleft()
            for fact in module.facts.imports:
                self._follow(module, fact)

    def _named_in_texts(self) -> None:
        """Dotted names that the program writes as texts may be imported, as ``"jinja2.ext.do"``."""
        for module in [item for item in self.modules.values() if item.user]:
            for match in _DOTTED.finditer(module.source):
                parts = match.group(1).decode("ascii").split(".")
                known = self.modules.get(parts[0])
                for count in range(1, len(parts) + 1):
                    name = ".".join(parts[:count])
                    if known is None and self.stdlib.has(name):
                        self.library.add(name)
                    elif known is None or known.user or not self._resolve(name):
                        break

    def _read_by_others(self) -> None:
        """Packages of data that nobody imports: time zones, and what a package requires and names."""
        wanted: set[str] = set()
        for module in [item for item in self.modules.values() if item.source]:
            if module.user:
                wanted.update("tzdata" for fact in module.facts.imports if fact.module == "zoneinfo")
            elif may_read_data(module.source):
                owner = self.installed.owner(module.file)
                texts = {match.decode("ascii") for match in _PLAIN.findall(module.source)}
                for name in sorted(owner.requires if owner is not None else ()):
                    needed = self.installed.named(name)
                    wanted |= (needed.tops if needed is not None else frozenset()) & texts
        for top in sorted(wanted):
            if self._resolve(top):
                self._include(f"{top}.*")

    def _entry(self) -> None:
        name = self.project.module
        if name in OWN_PACKAGES or self.stdlib.has(name):
            owner = "Basilisk" if name in OWN_PACKAGES else "the standard library"
            raise ProgramError(
                f"the file cannot be called {name}.py: {name} is a module of {owner}",
                where=Location(self.project.display(self.project.entry)),
                remedy="rename it, for example to main.py",
            )
        self._add_source(name, Candidate(self.project.entry), self.project.source_root, user=True)

    def _include(self, name: str) -> None:
        """A module that the configuration names; ``package.*`` brings all its submodules too."""
        base, star, _ = name.partition(".*")
        if not self._resolve(base):
            raise UsageError(
                f"include in pyproject.toml names {base!r}, which was not found",
                remedy="install the package into the active environment, or correct the name",
            )
        if star:
            self.included.add(base)
            for child in _submodules(self.modules, base):
                self._resolve(child)
            self.library.update(name for name in self.stdlib.modules if name.startswith(f"{base}."))

    # one import statement ---------------------------------------------------------------------------

    def _follow(self, module: Module, fact: ImportFact) -> None:
        base = _absolute(module, fact)
        if base is None:
            return  # a relative import outside of a package; running the program says so
        if base:
            known = self._resolve(base, module, fact.place)
            if module.user and not fact.guarded:
                self._report(module, fact, base, known)
            if not known:
                return
        for name in fact.names:
            full = f"{base}.{name}" if base else name
            if base in OWN_PACKAGES:
                self.own.add(full)
            parent = self.modules.get(base)
            if parent is not None and parent.package:
                self._resolve(full, module, fact.place)
            elif parent is None and self.stdlib.has(full):
                self.library.add(full)
            elif self.stdlib.refused.get(full) is not None and module.user and not fact.guarded:
                self._report(module, fact, full, known=False)

    def _resolve(self, name: str, importer: Module | None = None, place: Place = (0, 0)) -> bool:
        """Find a module and its parents and queue them; False when it is nowhere or refused."""
        top = name.partition(".")[0]
        if top in OWN_PACKAGES:
            self.own.add(name)
            return not _host_only(name)
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            full = ".".join(parts[:count])
            if full not in self.modules:
                if count == 1 and not self._user_owns(full) and self.stdlib.owns(full):
                    return self._in_stdlib(name)
                if not self._find(full):
                    return False
                if importer is not None:
                    self.importers.setdefault(full, ImportedBy(importer.name, place))
            if self.modules[full].refused is not None:
                return False
        return True

    def _in_stdlib(self, name: str) -> bool:
        known = self.stdlib.refusal(name) is None and (self.stdlib.has(name) or name in _ALIASES)
        if known:
            self.library.add(name)
        return known

    def _user_owns(self, top: str) -> bool:
        candidate = lookup(self.project.source_root, top)
        return candidate is not None and candidate.file is not None and not self.stdlib.has(top)

    def _find(self, full: str) -> bool:
        parent_name, _, last = full.rpartition(".")
        if parent_name:
            parent = self.modules[parent_name]
            places = [(folder, parent.user) for folder in parent.folders]
        else:
            places = [(self.project.source_root, True), *((folder, False) for folder in self.folders)]
        portions: list[tuple[Path, bool]] = []
        for folder, user in places:
            candidate = lookup(folder, last)
            if candidate is None:
                continue
            if candidate.file is not None:
                self._add_source(full, candidate, self._base(full, folder), user)
                return True
            if candidate.folder is not None:
                portions.append((candidate.folder, user))
        if not portions:
            return False
        self._add(Module(full, "<namespace>", b"", portions[0][1], tuple(folder for folder, _ in portions)))
        return True

    @staticmethod
    def _base(full: str, folder: Path) -> Path:
        """Folder that file names are shown relative to: the one the top-level package was found in."""
        for _ in range(full.count(".")):
            folder = folder.parent
        return folder

    def _add_source(self, name: str, candidate: Candidate, base: Path, user: bool) -> None:
        path = candidate.file
        assert path is not None
        file = path.relative_to(base).as_posix()
        folders = (candidate.folder,) if candidate.folder is not None else ()
        module = Module(name, file, b"", user, folders, path)
        if candidate.native:
            reason = f"{name} is a native extension ({file}): machine code cannot run in a canister"
            self._add(replace(module, refused=reason))
        elif user:
            shown = f"{self.root_shown}{file}"
            try:
                source = read_source(path, shown)
                self._add(replace(module, source=source, facts=check(source, shown)))
            except ProgramError as error:
                self.problems.append(error)
                self._add(module)
        else:
            self._add_installed(module, path)

    def _add_installed(self, module: Module, path: Path) -> None:
        try:
            source = path.read_bytes()
        except OSError as error:
            self._add(replace(module, refused=f"{path} could not be read: {error.strerror or error}"))
            return
        problem = encoding_problem(source)
        if problem is not None:
            self._add(replace(module, refused=f"{module.file}:{problem[1]}: {problem[0]}"))
        else:
            facts = try_facts(source)
            deferred, names = defer_refused(source, self.stdlib)
            self._add(replace(module, source=deferred, facts=facts, deferred=names))

    def _add(self, module: Module) -> None:
        self.modules[module.name] = module
        self.queue.append(module)

    # what to say ------------------------------------------------------------------------------------

    def _report(self, module: Module, fact: ImportFact, name: str, known: bool) -> None:
        """Note an import of the user's that cannot work (``known`` is what :meth:`_resolve` said)."""
        top = name.partition(".")[0]
        shadow = lookup(self.project.source_root, top)
        error: ProgramError | None = None
        where = Location(f"{self.root_shown}{module.file}", *fact.place)
        shadowed = shadow is not None and shadow.file is not None and self.stdlib.has(top)
        if shadowed and top not in self.modules and shadow is not None and shadow.file is not None:
            error = ProgramError(
                f"{shadow.file.name} has the name of the standard library's module {top}",
                where=where,
                cause=f"`import {top}` would mean the standard library's module in a canister",
                remedy=f"rename {shadow.file.name}",
            )
        elif not known:
            error = self._unavailable(name, fact, where)
        if error is not None:
            self.problems.append(error)

    def _unavailable(self, name: str, fact: ImportFact, where: Location) -> ProgramError | None:
        refused = next((m for m in _self_and_parents(self.modules, name) if m.refused is not None), None)
        reason = self.stdlib.refusal(name)
        guard = "catch ImportError around the import if the program can do without it"
        if refused is not None:
            return ProgramError(
                f"{name} cannot be imported in a canister",
                where=where,
                cause=refused.refused,
                remedy=f"use a package that is pure Python; {guard}",
            )
        if reason is not None and name.partition(".")[0] not in self.modules:
            what, _, why = reason.partition(": ")
            why, _, instead = why.partition("; ")
            return ProgramError(
                what, where=where, cause=why or None, remedy=instead or f"do without it, or {guard}"
            )
        if _host_only(name):
            return ProgramError(
                f"{name} works on the host only, not in a canister",
                where=where,
                remedy="import it in tests and tools, not in the program of a canister",
            )
        if fact.optional:
            return None
        return self._missing(name, where, guard)

    def _missing(self, name: str, where: Location, guard: str) -> ProgramError | None:
        top = name.partition(".")[0]
        if top in self.modules and not self.modules[top].user and self._makes_modules(top):
            return None  # as `six.moves`: running the program tells
        if top in self.modules or top in OWN_PACKAGES:
            return ProgramError(
                f"no module named {name}",
                where=where,
                cause=f"the package {top} was found, but it has no such module",
                remedy="check the spelling and the package's version",
            )
        if top in sys.stdlib_module_names or self.stdlib.owns(top):
            return ProgramError(
                f"no module named {name}",
                where=where,
                cause="the Python in a canister (3.13) has no such module in its standard library",
                remedy=f"use its successor or a package from the environment; {guard}",
            )
        looked = ", ".join([self.project.display(self.project.source_root), *map(str, self.folders[:2])])
        return ProgramError(
            f"no module named {name}",
            where=where,
            cause=f"it is neither beside the program nor in the active environment (looked in {looked})",
            remedy=f"check the spelling, or install the package that provides {top} there; {guard}",
        )

    def _makes_modules(self, top: str) -> bool:
        """Whether a package may put modules into the interpreter that have no file."""
        return any(
            b"sys.modules" in module.source or b"meta_path" in module.source
            for name, module in self.modules.items()
            if name == top or name.startswith(f"{top}.")
        )

    def _raise_problems(self) -> None:
        if not self.problems:
            return
        first, *others = self.problems
        if others:
            listed = "\n".join(f"  {item.where}: {item.what}" for item in others[:20])
            first.details = "\n".join(filter(None, [first.details, f"also:\n{listed}"]))
        raise first


def _absolute(module: Module, fact: ImportFact) -> str | None:
    """The absolute name an import statement refers to; None when a relative one leaves the package."""
    if fact.level == 0:
        return fact.module
    package = module.name if module.package else module.name.rpartition(".")[0]
    for _ in range(fact.level - 1):
        package = package.rpartition(".")[0]
    if not package:
        return None
    return f"{package}.{fact.module}" if fact.module else package


def _host_only(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "basilisk" and len(parts) > 1 and parts[1] in HOST_ONLY


def _self_and_parents(modules: dict[str, Module], name: str) -> Iterator[Module]:
    while name:
        if name in modules:
            yield modules[name]
        name = name.rpartition(".")[0]


def _submodules(modules: dict[str, Module], name: str) -> list[str]:
    """Names of all submodules of a package, at any depth, sorted."""
    found = []
    for folder in modules[name].folders if name in modules else ():
        for directory, names, files in os.walk(folder):
            names[:] = sorted(item for item in names if item.isidentifier() and item != "__pycache__")
            inner = Path(directory).relative_to(folder).parts
            for file in sorted(files):
                stem = file[:-3]
                if file.endswith(".py") and stem.isidentifier():
                    parts = inner if stem == "__init__" else (*inner, stem)
                    if parts:
                        found.append(".".join([name, *parts]))
    return sorted(set(found))
