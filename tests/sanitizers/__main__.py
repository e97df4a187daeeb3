"""``./dev sanitize``: tests on CPython and the codec, both built with the address sanitizer.

1. CPython 3.13 from the pinned source with our patches, for this machine: address sanitizer, debug build
   (assertions, checked reference counts), every object a block of its own.
2. The codec of the bridge (the files that go into a canister) with the sanitizer, as an extension module.
3. ``tests/runtime/codec`` against both.
4. The programs of ``tests/runtime/limits`` in that interpreter, each in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from cpython.cache import digest, locked, tree_digest
from cpython.cross import REPOSITORY
from cpython.fixes import load_fixes
from cpython.pins import load_pins
from cpython.progress import Progress
from cpython.sources import fetch, fetch_fixes, unpack
from cpython.toolchain import Toolchain
from tests.oracles.crates import build, cache_root, toolchain

from .programs import run_all
from .recipes import CODEC, PYTHON


def watched_python(tools: Toolchain) -> list[str]:
    """The command that runs the interpreter; builds it when its sources have changed."""
    pins = load_pins()
    source = pins.sources["cpython"]
    key = digest("asan", PYTHON, source.sha256, tree_digest(REPOSITORY, ["patches"]))
    place = tools.work / "sanitizers" / key
    progress = Progress(cache_root() / "logs")
    with locked("sanitizers", progress.say):
        if not (place / "complete").is_file():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            fixes = load_fixes(REPOSITORY / "patches" / "fixes.json", "cpython")
            texts = fetch_fixes(source, fixes, tools, progress)
            archive = fetch(source, tools, progress)
            unpack(source, archive, place / "cpython", REPOSITORY / "patches", fixes, texts)
            env = {"SOURCE": tools.inside(place / "cpython"), "OUT": tools.inside(place)}
            title = "building CPython with the address sanitizer (some five minutes)"
            remedy = "read the log; gcc and its libasan are needed"
            tools.run(progress, title, PYTHON, log="sanitizers-python", env=env, remedy=remedy)
            (place / "complete").touch()
    program = tools.inside(place / "build" / "python")
    if tools.root is None:
        return ["env", "PYTHONMALLOC=malloc", program]
    return tools.root.command([program], {**tools.root.base_environment(), "PYTHONMALLOC": "malloc"})


def watched_codec(tools: Toolchain) -> str:
    """Path of the codec as the interpreter sees it."""
    product = build(
        "codec-asan", ["bridge_crate/src", "bridge_crate/codec_native"], CODEC, "libbasilisk_codec.so"
    )
    library = tools.work / "sanitizers" / product.parent.name / product.name
    library.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(product, library)
    return tools.inside(library)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./dev sanitize", description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=["codec", "programs"], help="one of the two parts")
    options = parser.parse_args(arguments)
    tools = toolchain()
    python = watched_python(tools)
    failed = 0
    if options.only != "programs":
        env = {
            **os.environ,
            "BASILISK_CODEC_PYTHON": shlex.join(python),
            "BASILISK_CODEC_LIBRARY": watched_codec(tools),
        }
        tests = [
            str(Path("tests/runtime/codec") / name)
            for name in ("test_conformance.py", "test_values.py", "test_instances.py", "test_properties.py")
        ]
        failed |= subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *tests], env=env, check=False
        ).returncode
    if options.only != "codec":
        failed |= run_all(python)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
