"""Installed distributions: which one a module belongs to, and what of its metadata goes along.

Sources: the packaging user guide's "Recording installed projects" (``.dist-info``, RECORD) and "Core
metadata specifications"; older installations have ``.egg-info`` folders or files.
"""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["Distribution", "Installed", "normalised"]

_KEPT = ("entry_points.txt", "top_level.txt")
_REQUIRES = re.compile(r"Requires-Dist:\s*([A-Za-z0-9][A-Za-z0-9._-]*)", re.IGNORECASE)
_MODULE_SUFFIXES = (".py", ".so", ".pyd", ".dylib")


def normalised(name: str) -> str:
    """A project's name in the form that all its spellings share (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Distribution:
    """One installed project; ``info`` is its ``.dist-info`` or ``.egg-info``, a folder or (Debian) a file."""

    info: Path

    @property
    def key(self) -> str:
        """Its name, normalised, as far as the folder's name tells it."""
        return normalised(self.info.stem.partition("-")[0])

    @cached_property
    def headers(self) -> bytes:
        """Its metadata without the description."""
        places = (
            [self.info] if self.info.is_file() else [self.info / name for name in ("METADATA", "PKG-INFO")]
        )
        data = next((found for place in places if (found := _read(place)) is not None), b"")
        lines = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
        kept: list[bytes] = []
        for line in lines:
            folded = line[:1] in (b" ", b"\t")  # a line that goes on with the header before
            if not (folded and (not kept or kept[-1] == b"")):
                kept.append(b"" if line.lower().startswith(b"description:") else line)
        return b"\n".join(filter(None, kept)) + b"\n" if data else b""

    @property
    def name(self) -> str:
        """The project's name as it spells it."""
        return self._header(b"name") or self.key

    @property
    def version(self) -> str:
        """Its version; empty when the metadata is damaged."""
        return self._header(b"version")

    @cached_property
    def requires(self) -> frozenset[str]:
        """Names, normalised, of the projects that it needs, extras left aside."""
        found = set()
        for line in self.headers.decode("utf-8", "replace").split("\n"):
            match = _REQUIRES.match(line)
            if match is not None and "extra" not in line.partition(";")[2]:
                found.add(normalised(match.group(1)))
        return frozenset(found)

    def _header(self, name: bytes) -> str:
        for line in self.headers.split(b"\n"):
            key, colon, value = line.partition(b":")
            if colon and key.lower() == name:
                return value.strip().decode("utf-8", "replace")
        return ""

    @cached_property
    def files(self) -> frozenset[str]:
        """Installed files, relative to the folder of packages; none when they were not recorded."""
        record = _read(self.info / "RECORD")
        if record is not None:
            return frozenset(
                row[0] for row in csv.reader(record.decode("utf-8", "replace").splitlines()) if row
            )
        listed = _read(self.info / "installed-files.txt") or b""
        lines = listed.decode("utf-8", "replace").splitlines()
        return frozenset(os.path.normpath(f"{self.info.name}/{line}").replace(os.sep, "/") for line in lines)

    @cached_property
    def tops(self) -> frozenset[str]:
        """Its importable names without a dot."""
        listed = _read(self.info / "top_level.txt")
        if listed is not None:
            return frozenset(listed.decode("utf-8", "replace").split())
        found = set()
        for path in self.files:
            first, slash, _ = path.partition("/")
            if slash and first.isidentifier():
                found.add(first)
            elif not slash and first.endswith(_MODULE_SUFFIXES):
                found.add(first.partition(".")[0])
        return frozenset(found)

    def owns(self, file: str) -> bool:
        """True when the module in ``file`` (relative, with slashes) is part of it, as far as is known."""
        if file in self.files:
            return True
        recorded = any(path.endswith(_MODULE_SUFFIXES) for path in self.files)
        return not recorded and re.split(r"[/.]", file)[0] in (self.tops or {self.key.replace("-", "_")})

    def packed(self) -> dict[str, bytes]:
        """What ``importlib.metadata`` needs of it, by path: headers, entry points, importable names."""
        folder = f"{self.info.stem.partition('-py')[0]}.dist-info"
        found = {f"{folder}/METADATA": self.headers}
        for name in _KEPT:
            data = _read(self.info / name)
            if data is None and name == "top_level.txt" and self.tops:
                data = "".join(f"{top}\n" for top in sorted(self.tops)).encode()
            if data is not None:
                found[f"{folder}/{name}"] = data
        return found


class Installed:
    """The distributions of an environment."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders

    @cached_property
    def all(self) -> tuple[Distribution, ...]:
        """All of them, in the order in which Python finds them."""
        found = []
        for folder in self._folders:
            try:
                names = sorted(os.listdir(folder))
            except OSError:
                continue
            found += [Distribution(folder / n) for n in names if n.endswith((".dist-info", ".egg-info"))]
        return tuple(found)

    def named(self, name: str) -> Distribution | None:
        """The distribution of that name, in any spelling."""
        return next((item for item in self.all if item.key == normalised(name)), None)

    def owner(self, file: str) -> Distribution | None:
        """The distribution that the installed file belongs to."""
        likely = normalised(re.split(r"[/.]", file)[0])
        ordered = sorted(self.all, key=lambda item: item.key != likely)
        return next((item for item in ordered if item.owns(file)), None)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
