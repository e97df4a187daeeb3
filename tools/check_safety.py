#!/usr/bin/env python3
"""Every use of ``unsafe`` in our Rust code has its reason beside it.

An ``unsafe`` block or ``unsafe impl`` needs a ``// SAFETY:`` comment on its line or in the comment lines just
above; a public ``unsafe fn`` needs a ``# Safety`` section in its documentation, or a ``// SAFETY:`` comment.
clippy's ``undocumented_unsafe_blocks`` sees only code that is compiled; this sees all files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CRATES = ("bridge_crate", "toolbox_crate", "tests")
_USE = re.compile(r"\bunsafe\s*(\{|impl\b)|\bpub(\(\w+\))?\s+unsafe\s+(extern\s+\"C\"\s+)?fn\b")
_SKIPPED = re.compile(r"^\s*(//|\*)")


def faults(text: str) -> Iterator[int]:
    """Numbers (from 1) of the lines whose ``unsafe`` has no reason."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        code = line.split("//", 1)[0]
        if _SKIPPED.match(line) or not _USE.search(code):
            continue
        if "SAFETY:" in line or _has_reason(lines, number):
            continue
        yield number + 1


def _has_reason(lines: list[str], number: int) -> bool:
    """Look upwards through comments, attributes and the start of the same statement."""
    for above in range(number - 1, max(-1, number - 40), -1):
        text = lines[above].strip()
        if text.startswith(("//", "/*", "*")):
            if "SAFETY:" in text or "# Safety" in text:
                return True
        elif text.startswith(("#[", "#![")) or text.endswith(("=", "(", ",", "|", "&&", "||", "=>", "{")):
            continue
        else:
            return False
    return False


def main() -> int:
    """Print the faults; exit code 1 when there are any."""
    found = 0
    for crate in CRATES:
        for path in sorted((ROOT / crate).rglob("*.rs")):
            if "target" in path.parts:
                continue
            for line in faults(path.read_text("utf-8")):
                print(f"{path.relative_to(ROOT)}:{line}: unsafe without a SAFETY comment")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
