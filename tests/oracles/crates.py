"""Builds crates that only tests need, with the runtime's toolchain; results are kept in the user's cache."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from cpython.cache import cache_root, digest, locked, staged, tree_digest  # noqa: E402
from cpython.pins import load_pins  # noqa: E402
from cpython.progress import Progress  # noqa: E402
from cpython.toolchain import Toolchain, identity, provide_toolchain  # noqa: E402

__all__ = [
    "REPOSITORY",
    "WIRE",
    "Toolchain",
    "build",
    "cache_root",
    "digest",
    "locked",
    "staged",
    "toolchain",
]

#: What the oracles' crates have in common.
WIRE = "tests/oracles/wire_crate"


def toolchain() -> Toolchain:
    """The toolchain that builds the runtime; made when it is not there."""
    return provide_toolchain(load_pins(), _progress())


def build(name: str, inputs: Sequence[str], recipe: str, product: str) -> Path:
    """Path of ``product``, made by a shell recipe from the ``inputs`` (paths in the repository).

    The recipe finds copies of the inputs below ``$SOURCE``, cargo's folder in ``$TARGET``, and writes to
    ``$OUT``.  The result is found again by a hash over inputs, recipe, toolchain and machine.
    """
    key = digest(
        name, recipe, identity(load_pins()), os.uname().machine, tree_digest(REPOSITORY, sorted(inputs))
    )
    final = cache_root() / "oracles" / key
    progress = _progress()
    with locked(f"oracle-{name}", progress.say):
        if not (final / product).is_file():
            tools = toolchain()
            copy, out = tools.work / "oracles" / name, tools.work / "oracles" / f"{name}-out"
            for folder in (copy, out):
                shutil.rmtree(folder, ignore_errors=True)
            out.mkdir(parents=True)
            for path in inputs:
                # With new times, by which cargo sees that the sources are not those it built last.
                ignore = shutil.ignore_patterns("target", "__pycache__")
                shutil.copytree(REPOSITORY / path, copy / path, ignore=ignore, copy_function=shutil.copy)
            target = tools.work / "target" / f"oracle-{name}"
            target.mkdir(parents=True, exist_ok=True)
            env = {
                "SOURCE": tools.inside(copy),
                "TARGET": tools.inside(target),
                "OUT": tools.inside(out),
            }
            remedy = "read the log; cargo needs the network for the crates that Cargo.lock names, once"
            tools.run(progress, f"building {product}", recipe, log=f"oracle-{name}", env=env, remedy=remedy)
            with staged(final) as folder:
                shutil.copyfile(out / product, folder / product)
    return final / product


def _progress() -> Progress:
    return Progress(cache_root() / "logs")
