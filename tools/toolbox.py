#!/usr/bin/env python3
"""Builds the toolbox, or finds it in the cache; prints its path.

The toolbox is a part of the runtime artefact, but needs nothing of the rest: whoever works on CPython or the
bridge can still run what meters or validates modules.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpython.cache import cache_root, digest, locked, staged, tree_digest
from cpython.cross import REPOSITORY
from cpython.faults import BuildFault
from cpython.pins import Pins, load_pins
from cpython.progress import Progress
from cpython.toolchain import Toolchain, identity, provide_toolchain

__all__ = ["SourcesChanged", "build_toolbox", "toolbox_path"]

_CRATE = "toolbox_crate"
_RECIPE = "tools/recipes/toolbox.sh"
_FILE = "toolbox.wasm"
_REMEDY = "read the log; cargo needs the network for the crates that Cargo.lock names, once"


class SourcesChanged(BuildFault):
    """Somebody edited the sources between the computing of their hash and the copying."""


def toolbox_path(pins: Pins) -> Path:
    """Where this checkout's toolbox lies, or would lie once it is built."""
    key = digest("toolbox", identity(pins), tree_digest(REPOSITORY, (_CRATE, _RECIPE)))
    return cache_root() / "toolbox" / key / _FILE


def build_toolbox(pins: Pins, toolchain: Toolchain, progress: Progress) -> Path:
    """The toolbox's path; builds it when the cache does not have it."""
    path = toolbox_path(pins)
    with locked("toolbox", progress.say):
        if not path.is_file():
            with staged(path.parent) as folder:
                _build(pins, toolchain, progress, folder, path)
    return path


def _build(pins: Pins, toolchain: Toolchain, progress: Progress, folder: Path, path: Path) -> None:
    work = toolchain.work / "toolbox"
    shutil.rmtree(work, ignore_errors=True)
    # Without their dates: cargo trusts them, and what it built last may be another checkout's.
    shutil.copytree(
        REPOSITORY / _CRATE, work / _CRATE, ignore=shutil.ignore_patterns("target"), copy_function=shutil.copy
    )
    if toolbox_path(pins) != path:
        raise SourcesChanged("the sources changed while they were copied", remedy="run it again")
    (work / "out").mkdir()
    target = toolchain.work / "target" / "toolbox"
    target.mkdir(parents=True, exist_ok=True)
    env = {
        "OUT": toolchain.inside(work / "out"),
        "SOURCE": toolchain.inside(work / _CRATE),
        "TARGET": toolchain.inside(target),
        "SOURCE_DATE_EPOCH": "1000000000",
    }
    script = (REPOSITORY / _RECIPE).read_text("utf-8")
    title = "compiling the toolbox (Rust)"
    toolchain.run(progress, title, script, log="runtime-toolbox", env=env, remedy=_REMEDY)
    shutil.copyfile(work / "out" / _FILE, folder / _FILE)
    shutil.rmtree(work)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args(arguments)
    try:
        pins = load_pins()
        path = toolbox_path(pins)
        if not path.is_file():
            progress = Progress(cache_root() / "logs")
            path = build_toolbox(pins, provide_toolchain(pins, progress), progress)
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return fault.exit_code
    except OSError as error:
        print(f"error: {error}\n  what to do: check free disk space and permissions", file=sys.stderr)
        return 4
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
