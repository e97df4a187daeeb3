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
    files = sorted({edit.file for edit in edits.EDITS})
    parts.append(
        "\n## Changed\n\nThese modules import a refused module only for a part of their work."
        " The import was moved to the place of use (stdlib_bundler/edits.py).\n\n"
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
