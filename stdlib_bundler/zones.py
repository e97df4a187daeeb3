"""The time zones for zoneinfo: the package ``tzdata`` from its wheel, as modules of the blob.

zoneinfo reads ``tzdata/zoneinfo/<region>/<city>`` through importlib.resources.  The files of each package
become one module ``<package>._files``, which ``guest/_basilisk_resources.py`` reads.  Left out are the files
that zoneinfo never opens: the tables for humans and the rules in text form.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from stdlib_bundler.collect import Source

__all__ = ["FILES_MODULE", "NOT_READ", "ZonesFault", "modules"]

FILES_MODULE = "_files"
"""Name, inside its package, of the module that holds a package's files."""

#: Files of ``tzdata/zoneinfo`` without a time zone in them.
NOT_READ = frozenset({"iso3166.tab", "leapseconds", "tzdata.zi", "zone.tab", "zone1970.tab", "zonenow.tab"})
_ZONE_MAGIC = b"TZif"


class ZonesFault(Exception):
    """The wheel is not what was expected."""


def modules(wheel: Path) -> list[Source]:
    """The packages of the wheel and a module of files for each of them, sorted by name.

    Raises :class:`ZonesFault` when the wheel holds something that is neither a package's ``__init__.py``, nor
    the list of zones, nor a zone.
    """
    packages: dict[str, bytes] = {}
    files: dict[str, dict[str, bytes]] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith("/") or not name.startswith("tzdata/"):
                    continue
                folder, _, file = name.rpartition("/")
                if file == "__init__.py":
                    packages[folder] = archive.read(name)
                elif file not in NOT_READ:
                    files.setdefault(folder, {})[file] = archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise ZonesFault(f"{wheel}: {error}") from error
    _check(wheel, packages, files)
    found = [
        Source(folder.replace("/", "."), f"{folder}/__init__.py", True, text)
        for folder, text in packages.items()
    ]
    for folder, content in files.items():
        text = _module(content).encode("ascii")
        package = folder.replace("/", ".")
        found.append(Source(f"{package}.{FILES_MODULE}", f"{folder}/{FILES_MODULE}.py", False, text))
    return sorted(found, key=lambda source: source.name)


def _check(wheel: Path, packages: dict[str, bytes], files: dict[str, dict[str, bytes]]) -> None:
    if "zones" not in files.get("tzdata", {}):
        raise ZonesFault(f"{wheel}: no list of zones")
    strays = sorted(set(files) - set(packages))
    if strays:
        raise ZonesFault(f"{wheel}: no packages: {', '.join(strays)}")
    for folder, content in files.items():
        for name, data in content.items():
            if (folder, name) != ("tzdata", "zones") and not data.startswith(_ZONE_MAGIC):
                raise ZonesFault(f"{wheel}: {folder}/{name} is no time zone")
    listed = {f"tzdata/zoneinfo/{line}" for line in files["tzdata"]["zones"].decode("utf-8").split()}
    missing = sorted(listed - {f"{folder}/{name}" for folder, content in files.items() for name in content})
    if missing:
        raise ZonesFault(f"{wheel}: listed but absent: {', '.join(missing)}")


def _module(content: dict[str, bytes]) -> str:
    """Two constant tuples rather than a dict display, which would be code for every file."""
    names = sorted(content)
    return (
        f"_NAMES = {tuple(names)!r}\n"
        f"_CONTENTS = {tuple(content[name] for name in names)!r}\n"
        "FILES = dict(zip(_NAMES, _CONTENTS))\n"
    )
