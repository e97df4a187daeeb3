#!/usr/bin/env python3
"""Builds the runtime artefact, or finds it in the cache; the last lines say its path, size and SHA-256.

Needs nothing but Python 3.10: the toolchain, the sources and every part are provided on the way.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpython.cache import cache_root, locked, staged
from cpython.faults import BuildFault
from cpython.pins import load_pins
from tools.assemble import ARTEFACT, SourcesChanged, assemble, runtime_key


def artefact_path(debug: bool = False) -> Path:
    """Where the artefact of this checkout lies, or would lie once it is built."""
    return cache_root() / "runtime" / runtime_key(load_pins(), debug) / ARTEFACT


def build(debug: bool = False) -> Path:
    """The artefact's path; builds it when the cache does not have it."""
    path = artefact_path(debug)
    if path.is_file():
        return path
    from cpython.cross import build_cpython
    from cpython.progress import Progress
    from cpython.toolchain import provide_toolchain

    progress = Progress(cache_root() / "logs")
    with locked("runtime", progress.say):
        while not path.is_file():
            pins = load_pins()
            toolchain = provide_toolchain(pins, progress)
            prefix = build_cpython(pins, toolchain, progress, debug)
            try:
                with staged(path.parent) as folder:
                    assemble(pins, toolchain, prefix, progress, folder, path.parent.name, debug)
            except SourcesChanged as change:
                progress.say(f"{change.what}; starting again")
                path = artefact_path(debug)
        progress.say("the runtime is ready")
    return path


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--print-path",
        action="store_true",
        help="print only where the artefact lies or would lie; build nothing",
    )
    parser.add_argument(
        "--debug",
        action="store_true",
        help="another artefact, which watches itself: assertions, guards around blocks of memory",
    )
    options = parser.parse_args(arguments)
    try:
        if options.print_path:
            print(artefact_path(options.debug))
            return 0
        path = build(options.debug)
        data = path.read_bytes()
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return fault.exit_code
    except OSError as error:
        print(f"error: {error}\n  what to do: check free disk space and permissions", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("stopped; nothing half-finished is kept", file=sys.stderr)
        return 130
    print(f"runtime: {path}")
    print(f"size:    {len(data):,} bytes")
    print(f"sha256:  {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
