"""``python3 -m cpython``: provide the toolchain, build CPython, print the prefix folder."""

from __future__ import annotations

import sys

from cpython.cache import cache_root
from cpython.cross import build_cpython
from cpython.faults import BuildFault
from cpython.pins import load_pins
from cpython.progress import Progress
from cpython.toolchain import provide_toolchain


def main() -> int:
    """Run the steps; returns the exit code."""
    progress = Progress(cache_root() / "logs")
    try:
        pins = load_pins()
        toolchain = provide_toolchain(pins, progress)
        print(build_cpython(pins, toolchain, progress))
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return fault.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
