"""The files of a program: what to read, what to write."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from basilisk.build.check import check, read_source
from basilisk.errors import EnvironmentFault, UsageError
from basilisk.migrate.program import migrate_sources
from basilisk.migrate.source import Remark
from basilisk.runtime.cache import write_all

__all__ = ["Migration", "migrate_path"]

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "target", "build", "dist", "venv"})
_BOM = b"\xef\xbb\xbf"


@dataclass
class Migration:
    """What would change: the files' old and new content, and remarks about what stays."""

    before: dict[Path, bytes] = field(default_factory=dict)
    after: dict[Path, bytes] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    shown: dict[Path, str] = field(default_factory=dict)

    @property
    def changed(self) -> list[Path]:
        """The files that would change."""
        return [path for path in self.after if self.after[path] != self.before[path]]

    def diff(self) -> str:
        """The changes as a unified diff."""
        lines: list[str] = []
        for path in self.changed:
            old, new = (
                content[path].decode("utf-8").splitlines(keepends=True)
                for content in (self.before, self.after)
            )
            lines += difflib.unified_diff(old, new, f"a/{self.shown[path]}", f"b/{self.shown[path]}")
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)

    def write(self) -> None:
        """Write all changed files, or none.  Raises :class:`EnvironmentFault`."""
        for path in self.changed:
            if path.read_bytes() != self.before[path]:
                raise EnvironmentFault(
                    f"{self.shown[path]} has changed in the meantime; nothing was written",
                    remedy="run the command again",
                )
        modes = {path: path.stat().st_mode & 0o7777 for path in self.changed}
        try:
            write_all({path.resolve(): self.after[path] for path in self.changed})
            for path, mode in modes.items():
                path.chmod(mode)
        except OSError as error:
            raise EnvironmentFault(
                f"{error.filename or 'a file'} cannot be written: {error.strerror or error}",
                remedy="check the rights of the folder and the space on the disk",
            ) from error


def migrate_path(path: Path) -> Migration:
    """The migration of a file, or of all programs below a folder.  Nothing is written.

    Raises :class:`UsageError` for a path without Python files, :class:`ProgramError` for a file that is not
    Python, with its place.
    """
    files = sorted(_python_files(path))
    if not files:
        raise UsageError(
            f"there is no Python file in {path}", remedy="name a file or a folder with a program"
        )
    root = path if path.is_dir() else path.parent
    found = Migration()
    texts: dict[str, str] = {}
    names: dict[str, Path] = {}
    for file in files:
        shown = _shown(file)
        data = read_source(file, shown)
        check(data, shown)
        found.before[file], found.shown[file] = data, shown
        name = file.relative_to(root).as_posix()
        names[name] = file
        texts[name] = data.removeprefix(_BOM).decode("utf-8")
    changed, remarks = migrate_sources(texts)
    for name, text in changed.items():
        file = names[name]
        mark = _BOM if found.before[file].startswith(_BOM) else b""
        found.after[file] = mark + text.encode("utf-8")
    found.remarks = [Remark(found.shown[names[remark.file]], remark.line, remark.text) for remark in remarks]
    settings = root / "dfx.json"
    if path.is_dir() and settings.is_file():
        _settings(settings, found)
    return found


def _python_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise UsageError(f"{path} does not exist", remedy="check the path")
    for item in path.iterdir():
        if item.is_dir() and not item.is_symlink():
            if not item.name.startswith(".") and item.name not in _SKIPPED:
                if not (item / "pyvenv.cfg").exists():
                    yield from _python_files(item)
        elif item.suffix == ".py" and item.is_file():
            yield item


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _settings(path: Path, found: Migration) -> None:
    """The build command and the place of the wasm file in dfx.json."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
        canisters = json.loads(text)["canisters"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # `basilisk build` says what is wrong with it
    new = re.sub(r"(\bpython[\d.]*\s+-m\s+)kybra(?=\s)", r"\1basilisk", text)
    for name, settings in canisters:
        wasm = settings.get("wasm") if isinstance(settings, dict) else None
        if isinstance(wasm, str) and "kybra" in wasm and new.count(json.dumps(wasm)) == 1:
            new = new.replace(json.dumps(wasm), json.dumps(f".basilisk/{name}/{name}.wasm.gz"))
    found.before[path], found.after[path], found.shown[path] = data, new.encode("utf-8"), _shown(path)
