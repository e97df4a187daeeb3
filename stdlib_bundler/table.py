"""Writes docs/stdlib.md: the fate of every name of the standard library, from the policy."""

from __future__ import annotations

import sys
from pathlib import Path

from stdlib_bundler import edits, policy

__all__ = ["NAMES", "render"]

#: ``sys.stdlib_module_names`` of CPython 3.13, one a line.
NAMES = Path(__file__).with_name("names_3_13.txt")

_HEAD = """\
<!-- Generated from stdlib_bundler/policy.py by `python -m stdlib_bundler.table docs/stdlib.md`. -->

# The standard library in a canister

Every name of CPython 3.13's standard library has one fate. There are no stand-ins: a module is the real one,
or importing it raises an `ImportError` that gives the reason below.

The modules that a program imports while it is built lie ready in the canister's memory. All others are in the
canister as well, compressed, and are loaded at their first import. A module that a query imports is loaded
again by the next query, because a query's changes are discarded: import at the top what queries use.
"""

_NOTES = """
## Worth knowing

- `sqlite3`: SQLite 3.46.1 with JSON, window and mathematical functions, without full-text search, R-trees,
  the write-ahead log and loadable extensions. A database in memory (`":memory:"`) is canister state like any
  other object: it is in the snapshot when the program fills it while it is imported, a trap undoes what the
  message changed, and an upgrade forgets it. `connection.serialize()` and `deserialize()` carry it through
  stable memory. `random()` and `randomblob()` fail as long as the canister has no entropy.
- `zoneinfo`: all time zones of the IANA database are in the canister (the package `tzdata`); the tables for
  humans (`zone.tab`, `tzdata.zi`) are not. A new release of the database comes with a new runtime.
- `hashlib`: every algorithm that CPython itself implements (MD5, SHA-1, SHA-2, SHA-3, SHAKE, BLAKE2).
  `pbkdf2_hmac`, `scrypt` and further names of `hashlib.new()` belong to OpenSSL, which is not here.
- `threading`: locks, events and thread-local data work; starting a thread raises `RuntimeError`, and so does
  `concurrent.futures.ThreadPoolExecutor.submit`. `time.sleep()` raises it too: no time passes within a
  message.
- `math`, `cmath`: transcendental functions are those of wasi-libc (musl) and the same on every node; the last
  digit may differ from that of a host with another C library.
- `inspect.getsource`, `linecache` and tracebacks show the lines of the program and of packages. Of the
  library they show names and line numbers: its sources would add 1.2 MB to every canister. Docstrings of the
  library are left out.
"""

_TITLES = {
    "shipped": ("Shipped", "Pure Python, whole packages unless a submodule is listed further down."),
    "frozen": ("Part of the interpreter", "Pure Python that CPython carries frozen inside itself."),
    "built in": ("Built in", "C modules linked into the runtime."),
    "refused": ("Refused", "Cannot work in a canister."),
    "left out": ("Left out", "Could be shipped, but would serve no purpose."),
}


def render(built_in: frozenset[str] = policy.BUILT_IN | policy.LINKED_LIBRARIES) -> str:
    """The whole page for a runtime with the C modules ``built_in``."""
    names = set(NAMES.read_text(encoding="utf-8").split())
    names.update(name for name in (*policy.REFUSED, *policy.LEFT_OUT, *policy.FROZEN))
    fates: dict[str, list[tuple[str, str]]] = {kind: [] for kind in _TITLES}
    for name in sorted(names):
        kind, reason = policy.fate(name, built_in)
        fates[kind].append((name, reason))
    parts = [_HEAD]
    for kind, (title, words) in _TITLES.items():
        rows = fates[kind]
        parts.append(f"\n## {title} ({len(rows)})\n\n{words}\n\n")
        if kind in ("refused", "left out"):
            parts.append("| module | reason |\n|---|---|\n")
            parts += [f"| `{name}` | {reason} |\n" for name, reason in rows]
        else:
            parts.append(_wrapped([f"`{name}`" for name, _ in rows]))
    parts.append(_NOTES)
    files = sorted({edit.file for edit in edits.EDITS})
    parts.append(
        "\n## Changed\n\nA few lines of these modules are not CPython's (stdlib_bundler/edits.py says why)."
        " Most of the modules import a\nrefused one only for a part of their work; the import was moved to"
        " the place of use.\n\n"
    )
    parts.append(_wrapped([f"`{file}`" for file in files]))
    return "".join(parts)


def _wrapped(words: list[str]) -> str:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > 108:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
