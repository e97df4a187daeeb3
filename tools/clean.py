#!/usr/bin/env python3
"""Removes what the builds left in the cache, after saying what and how much."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpython.cache import cache_root, locked, remove_tree

KINDS = ("cpython", "fuzz", "logs", "oracles", "runtime", "sources", "toolchain", "work")


def main() -> int:
    """Remove the folders of :data:`KINDS`; everything in them can be made again."""
    with locked("runtime"):
        for kind in KINDS:
            folder = cache_root() / kind
            if folder.is_dir():
                print(f"removing {folder}", flush=True)
                remove_tree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
