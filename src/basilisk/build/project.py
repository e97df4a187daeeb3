"""What to build: the entry file, the canister's name and the folder for the results."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from basilisk.build.configs import Declared, canister_declarations
from basilisk.errors import Location, ProgramError, UsageError

__all__ = ["Project", "check_backend", "legacy", "resolve"]

_ENTRY_NAMES = ("main.py", "src/main.py", "app.py", "src/app.py")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


@dataclass(frozen=True)
class Project:
    """One canister to build.

    ``entry`` is the absolute path of its first file; ``root`` the project's folder, under which
    ``.basilisk/NAME/`` takes the results; ``include`` lists modules that are imported only dynamically, and
    patterns of data files.  ``did`` is a further place for the interface file, as older dfx.json files ask
    for.  ``stdlib`` says how much of the standard library ships: ``full`` or ``used``.
    """

    name: str
    entry: Path
    root: Path
    include: tuple[str, ...] = ()
    did: Path | None = None
    stdlib: str = "full"

    @property
    def source_root(self) -> Path:
        """Folder that absolute imports of the program start from: the one beside the entry file."""
        return self.entry.parent

    @property
    def module(self) -> str:
        """Name under which the entry file is imported, such as ``main``."""
        return self.entry.stem

    @property
    def output(self) -> Path:
        """Folder of the results unless the user names another."""
        return self.root / ".basilisk" / self.name

    def display(self, path: Path) -> str:
        """A path as messages show it: relative to the current folder when it lies below it."""
        try:
            return str(path.relative_to(Path.cwd()))
        except (ValueError, OSError):
            return str(path)


def check_backend() -> None:
    """Refuse a value of BASILISK_PYTHON_BACKEND that asks for something else than CPython."""
    value = os.environ.get("BASILISK_PYTHON_BACKEND")
    if value in (None, "", "cpython"):
        return
    if value == "rustpython":
        raise UsageError(
            "BASILISK_PYTHON_BACKEND=rustpython is not supported",
            cause="RustPython is not needed any more: every canister runs on CPython 3.13",
            remedy="unset BASILISK_PYTHON_BACKEND or set it to cpython; the program stays as it is",
        )
    raise UsageError(
        f"BASILISK_PYTHON_BACKEND has the unknown value {value!r}",
        cause="the only backend is cpython",
        remedy="unset BASILISK_PYTHON_BACKEND or set it to cpython",
    )


def resolve(target: str | None = None, *, name: str | None = None) -> Project:
    """Find the project that ``target`` means: a file, a folder, or the name of a declared canister.

    Without a target the current folder is meant.  ``name`` overrides the canister's name.
    Raises :class:`UsageError` when nothing fits.
    """
    path = Path(target) if target else Path.cwd()
    if path.is_file():
        project = _from_file(path.resolve())
    elif path.is_dir():
        project = _from_folder(path.resolve())
    else:
        project = _from_name(str(target), path)
    if name is not None:
        project = Project(name, project.entry, project.root, project.include, project.did)
    return _checked(project)


def legacy(name: str, entry: str, did: str | None = None) -> Project:
    """The project of ``python -m basilisk NAME ENTRY [DID]``: results go below the current folder."""
    path = Path(entry)
    if not path.is_file():
        raise UsageError(
            f"the entry file {entry} does not exist", remedy="check the build command in dfx.json"
        )
    candid = did or os.environ.get("CANISTER_CANDID_PATH") or None
    include = next((item.include for item in canister_declarations(Path.cwd()) if item.include), ())
    return _checked(Project(name, path.resolve(), Path.cwd(), include, Path(candid) if candid else None))


def _from_file(entry: Path) -> Project:
    folder = entry.parent
    root = folder.parent if folder.name == "src" else folder
    for base in dict.fromkeys((folder, root)):
        for declared in canister_declarations(base):
            if declared.entry is not None and (base / declared.entry).resolve() == entry:
                return _declared(base, declared, entry)
    name = root.name if entry.stem in ("main", "app") else entry.stem
    return Project(_as_name(name), entry, root)


def _from_folder(folder: Path) -> Project:
    declarations = canister_declarations(folder)
    if len({item.name for item in declarations if item.name is not None}) > 1:
        names = ", ".join(sorted({item.name for item in declarations if item.name is not None}))
        raise UsageError(
            f"{folder} declares several canisters: {names}",
            remedy="name the one to build, such as `basilisk build NAME`",
        )
    if declarations:
        return _declared(folder, _merged(declarations), None)
    entry = _default_entry(folder)
    if entry is None:
        raise UsageError(
            f"no program was found in {folder}",
            cause=f"there is none of {', '.join(_ENTRY_NAMES)}, and no file names an entry",
            remedy="name the file, such as `basilisk build path/to/program.py`, "
            'or set entry = "…" under [tool.basilisk] in pyproject.toml; `basilisk new` makes a project',
        )
    return Project(_as_name(folder.name), entry, folder)


def _from_name(target: str, path: Path) -> Project:
    looks_like_path = path.suffix == ".py" or os.sep in target
    here = Path.cwd()
    declarations = [] if looks_like_path else canister_declarations(here)
    matching = [item for item in declarations if item.name == target]
    if matching:
        return _declared(here, _merged(matching), None)
    names = sorted({item.name for item in declarations if item.name is not None})
    if looks_like_path:
        raise UsageError(f"{target} does not exist", remedy="check the path")
    raise UsageError(
        f"{target!r} is neither a file, nor a folder, nor a canister declared here",
        cause=f"declared canisters: {', '.join(names)}" if names else "no file here declares a canister",
        remedy="name a Python file, a folder, or a canister of pyproject.toml, dfx.json or icp.yaml",
    )


def _merged(declarations: list[Declared]) -> Declared:
    """Several files may speak of one canister; the first that says something counts."""
    return Declared(
        next((item.name for item in declarations if item.name is not None), None),
        next((item.entry for item in declarations if item.entry is not None), None),
        next((item.include for item in declarations if item.include), ()),
        next((item.did for item in declarations if item.did is not None), None),
        next((item.stdlib for item in declarations if item.stdlib is not None), None),
    )


def _declared(folder: Path, declared: Declared, entry: Path | None) -> Project:
    if entry is None:
        entry = folder / declared.entry if declared.entry is not None else _default_entry(folder)
    if entry is None or not entry.is_file():
        named = declared.entry or " or ".join(_ENTRY_NAMES[:2])
        raise UsageError(
            f"the entry file {named} of canister {declared.name or folder.name!r} does not exist",
            remedy=f"create it in {folder}, or correct the file that names it",
        )
    name = declared.name if declared.name is not None else _as_name(folder.name)
    did = folder / declared.did if declared.did is not None else None
    return Project(name, entry.resolve(), folder, declared.include, did, declared.stdlib or "full")


def _default_entry(folder: Path) -> Path | None:
    return next((path for name in _ENTRY_NAMES if (path := folder / name).is_file()), None)


def _as_name(text: str) -> str:
    """A canister name made from a folder's or file's name."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")
    return cleaned or "canister"


def _checked(project: Project) -> Project:
    if not _NAME.match(project.name):
        raise UsageError(
            f"{project.name!r} cannot be the name of a canister",
            remedy="use letters, digits, underscores and dashes",
        )
    if not project.module.isidentifier():
        raise ProgramError(
            f"{project.entry.name} cannot be imported: {project.module!r} is not a Python name",
            where=Location(project.display(project.entry)),
            remedy="rename the file, for example to main.py",
        )
    return project
