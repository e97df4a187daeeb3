"""The pins as data: which sources and packages go into the runtime, each with its SHA-256."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from cpython.faults import BuildFault

__all__ = ["Pins", "Source", "Wheel", "load_pins"]

PINS_FILE = Path(__file__).with_name("pins.json")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Source:
    """One source archive.

    ``package`` is the Debian source package that holds it, ``urls`` are the project's own places for the
    same bytes, ``folder`` is the top folder inside the archive and ``patches`` the folder under patches/.
    """

    name: str
    version: str
    package: str
    file: str
    sha256: str
    folder: str
    patches: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Wheel:
    """A Python package whose files go into the runtime's library: name, version, file name, SHA-256."""

    name: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Pins:
    """Everything that is pinned."""

    suite: str
    packages: tuple[str, ...]
    sources: dict[str, Source]
    wheels: dict[str, Wheel]


def load_pins(path: Path = PINS_FILE) -> Pins:
    """Read and check the pins; a malformed file is a :class:`BuildFault` that names the entry."""
    try:
        data = json.loads(path.read_text("utf-8"))
        sources = {
            name: Source(name=name, urls=tuple(entry.pop("urls")), **entry)
            for name, entry in data["sources"].items()
        }
        wheels = {name: Wheel(name=name, **entry) for name, entry in data["wheels"].items()}
        pins = Pins(data["suite"], tuple(data["packages"]), sources, wheels)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildFault(f"{path}: the pins cannot be read: {error!r}", remedy="restore the file") from error
    pins_of: list[Source | Wheel] = [*sources.values(), *wheels.values()]
    for pin in pins_of:
        if not _SHA256.fullmatch(pin.sha256):
            raise BuildFault(f"{path}: {pin.name}: not a SHA-256: {pin.sha256!r}")
    if sorted(set(pins.packages)) != list(pins.packages):
        raise BuildFault(f"{path}: packages must be sorted and named once")
    return pins
