"""Builds the codec for the host and starts the Python that loads it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .native import Codec

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))

_RECIPE = """\
cd "$SOURCE/bridge_crate/codec_native"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --offline --release
"""


def _build() -> tuple[list[str], str]:
    """Command of the Python to use, and the library as that command sees it."""
    given = os.environ.get("BASILISK_CODEC_PYTHON"), os.environ.get("BASILISK_CODEC_LIBRARY")
    if given[0] and given[1]:
        return shlex.split(given[0]), given[1]
    from cpython.cache import cache_root
    from cpython.pins import load_pins
    from cpython.progress import Progress
    from cpython.toolchain import provide_toolchain

    toolchain = provide_toolchain(load_pins(), Progress(cache_root() / "logs"))
    source = toolchain.work / "codec"
    shutil.rmtree(source, ignore_errors=True)
    for part in ("src", "codec_native"):
        ignore = shutil.ignore_patterns("target")
        shutil.copytree(REPOSITORY / "bridge_crate" / part, source / "bridge_crate" / part, ignore=ignore)
    target = toolchain.work / "target" / "codec"
    target.mkdir(parents=True, exist_ok=True)
    env = {"SOURCE": toolchain.inside(source), "TARGET": toolchain.inside(target)}
    toolchain.run(
        Progress(cache_root() / "logs"),
        "building the codec for the host",
        _RECIPE,
        log="codec-native",
        env=env,
        remedy="mend what the compiler names",
    )
    library = toolchain.inside(target / "release" / "libbasilisk_codec.so")
    python = [toolchain.variables["BUILD_PYTHON"]]
    if toolchain.root is not None:
        python = toolchain.root.command(python, toolchain.root.base_environment())
    return python, library


@pytest.fixture(scope="session")
def codec() -> Iterator[Codec]:
    """The native codec."""
    started = Codec(*_build())
    yield started
    started.close()
