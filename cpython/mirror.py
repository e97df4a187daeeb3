"""Where this machine gets Debian packages from: read from apt's own configuration, never named here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["AptEntry", "debian_mirror", "parse_deb822", "parse_one_line", "system_entries"]


@dataclass(frozen=True)
class AptEntry:
    """One place of packages: kinds ("deb", "deb-src"), base address, suites, components."""

    kinds: tuple[str, ...]
    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def parse_one_line(text: str) -> list[AptEntry]:
    """Entries of a sources.list in the one-line format (sources.list(5))."""
    entries = []
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        words = line.split()
        kind, rest = words[0], words[1:]
        if rest and rest[0].startswith("["):
            while rest and not rest[0].endswith("]"):
                rest = rest[1:]
            rest = rest[1:]
        if kind in {"deb", "deb-src"} and len(rest) >= 2:
            entries.append(AptEntry((kind,), rest[0], (rest[1],), tuple(rest[2:])))
    return entries


def parse_deb822(text: str) -> list[AptEntry]:
    """Entries of a ``*.sources`` file (deb822 format of sources.list(5)); disabled stanzas are left out."""
    entries = []
    for stanza in _stanzas(text):
        if stanza.get("enabled", "yes").lower() in {"no", "false"}:
            continue
        for uri in stanza.get("uris", "").split():
            entries.append(
                AptEntry(
                    tuple(stanza.get("types", "").split()),
                    uri,
                    tuple(stanza.get("suites", "").split()),
                    tuple(stanza.get("components", "").split()),
                )
            )
    return entries


def _stanzas(text: str) -> Iterable[dict[str, str]]:
    stanza: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if stanza:
                yield stanza
            stanza, key = {}, ""
        elif line[0] in " \t" and key:
            stanza[key] += " " + line.strip()
        elif ":" in line:
            key, value = line.split(":", 1)
            key = key.strip().lower()
            stanza[key] = value.strip()


def system_entries(root: Path = Path("/")) -> list[AptEntry]:
    """All entries of this machine's apt configuration; none on a machine without apt."""
    folder = root / "etc" / "apt"
    entries: list[AptEntry] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        if path.suffix == ".list":
            entries += parse_one_line(text)
        elif path.suffix == ".sources":
            entries += parse_deb822(text)
    return entries


def debian_mirror(entries: Iterable[AptEntry], codename: str | None) -> tuple[str, str | None] | None:
    """The main and the security mirror of this machine, if it is a Debian.

    ``codename`` is the machine's own release (os-release ``VERSION_CODENAME``): the entry that serves it from
    the component "main" is the mirror.  A third party's repository never serves that suite.
    """
    if not codename:
        return None
    names = {codename, "stable", "testing", "oldstable"}
    main = security = None
    for entry in entries:
        if "deb" not in entry.kinds or "main" not in entry.components:
            continue
        if main is None and names.intersection(entry.suites):
            main = entry.uri
        wanted = {f"{codename}-security", f"{codename}/updates", "stable-security"}
        if security is None and wanted.intersection(entry.suites):
            security = entry.uri
    return None if main is None else (main, security)
