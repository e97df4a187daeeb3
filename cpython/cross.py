"""Cross build of CPython and its static libraries for wasm32-wasip1.

Choices, with the figures that decided them (operations counted in wasmtime, same source and machine):

* clang 19 rather than 22: 8-12 % fewer operations in the interpreter loop.
* ``-O3`` without link-time optimisation: fib(20) takes 23.3 M operations either way; LTO with a profile saves
  5 %, for a native build more and a profile that would have to be kept.  Debug information is left out.
* no ``-fPIC``: it costs a load for each access to a global.
* ``--with-pymalloc``: CPython's small-object allocator is off by default on WASI.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from cpython.cache import cache_root, digest, locked, staged, tree_digest
from cpython.fixes import load_fixes
from cpython.pins import Pins
from cpython.progress import Progress
from cpython.sources import fetch, fetch_fixes, unpack
from cpython.toolchain import Toolchain, identity

__all__ = ["REPOSITORY", "build_cpython", "cpython_key", "recipe"]

REPOSITORY = Path(__file__).resolve().parents[1]

_REMEDY = "read the log; free disk space (2 GB) and memory (1 GB) are the usual suspects"


def recipe(name: str) -> str:
    """The shell recipe ``cpython/recipes/<name>.sh``."""
    return (Path(__file__).parent / "recipes" / f"{name}.sh").read_text("utf-8")


def cpython_key(pins: Pins, debug: bool = False) -> str:
    """Hash of everything the finished prefix depends on; ``debug`` is for the build with assertions."""
    sources = [f"{name} {source.sha256}" for name, source in sorted(pins.sources.items())]
    variant = ["debug"] if debug else []
    recipes = tree_digest(REPOSITORY, ["patches", "cpython/recipes"])
    return digest(identity(pins), *sources, recipes, *variant)


def build_cpython(pins: Pins, toolchain: Toolchain, progress: Progress, debug: bool = False) -> Path:
    """The prefix folder: ``lib/*.a``, ``include/``, ``Lib/`` (patched standard library), ``patches.txt``."""
    final = cache_root() / "cpython" / cpython_key(pins, debug)
    # One lock for all: whatever is built is built in the same folder, whose path must not differ.
    with locked("cpython", progress.say):
        if final.is_dir():
            progress.say(f"CPython: {final}")
            return final
        with staged(final) as prefix:
            _build(pins, toolchain, progress, prefix, debug)
    return final


def _build(pins: Pins, toolchain: Toolchain, progress: Progress, prefix: Path, debug: bool) -> None:
    build = toolchain.work / "build"
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    applied: list[str] = []
    for name, source in sorted(pins.sources.items()):
        archive = fetch(source, toolchain, progress)
        fixes = load_fixes(REPOSITORY / "patches" / "fixes.json", name)
        texts = fetch_fixes(source, fixes, toolchain, progress)
        names = unpack(source, archive, build / name, REPOSITORY / "patches", fixes, texts)
        progress.say(f"{name} {source.version}: SHA-256 right, {len(names)} patches applied")
        applied += [f"{source.patches}/{patch}" for patch in names]
    out = build / "prefix"
    env = {
        "BUILD": toolchain.inside(build),
        "PREFIX": toolchain.inside(out),
        "SOURCE_DATE_EPOCH": "1000000000",
    }
    toolchain.run(
        progress,
        "building zlib, liblzma, libbz2 and SQLite",
        recipe("flags") + recipe("libraries"),
        log="libraries",
        env=env,
        remedy=_REMEDY,
    )
    toolchain.run(
        progress,
        "building CPython (about two minutes)",
        recipe("flags") + _configured(recipe("cpython"), debug),
        log="cpython",
        env=env,
        remedy=_REMEDY,
    )
    (out / "patches.txt").write_text("".join(f"{name}\n" for name in applied), "utf-8")
    for part in sorted(out.iterdir()):
        shutil.move(str(part), str(prefix / part.name))
    shutil.rmtree(build, ignore_errors=True)


def _configured(script: str, debug: bool) -> str:
    """The recipe as it is, or with assertions in CPython's code."""
    if not debug:
        return script
    option = " --with-pymalloc"
    assert script.count(option) == 1
    return script.replace(option, option + " --with-assertions")
