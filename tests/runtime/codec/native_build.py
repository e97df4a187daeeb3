"""Builds the codec for the host, when its sources have changed."""

from __future__ import annotations

import os
import shlex
import shutil

from tests.oracles.crates import build, toolchain

from .native import Codec

__all__ = ["native_codec"]

_RECIPE = """\
cd "$SOURCE/bridge_crate/codec_native"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --offline --release
cp "$TARGET/release/libbasilisk_codec.so" "$OUT/"
"""


def native_codec() -> Codec:
    """The codec in a Python 3.13 of its own; the caller closes it.

    ``BASILISK_CODEC_PYTHON`` and ``BASILISK_CODEC_LIBRARY`` name others than those of the toolchain.
    """
    given = os.environ.get("BASILISK_CODEC_PYTHON"), os.environ.get("BASILISK_CODEC_LIBRARY")
    if given[0] and given[1]:
        return Codec(shlex.split(given[0]), given[1])
    inputs = ["bridge_crate/src", "bridge_crate/codec_native"]
    product = build("codec-native", inputs, _RECIPE, "libbasilisk_codec.so")
    tools = toolchain()
    library = tools.work / "codec-native" / product.parent.name / product.name
    if not library.is_file():
        library.parent.mkdir(parents=True, exist_ok=True)
        partial = library.with_name(f".{os.getpid()}")
        shutil.copyfile(product, partial)
        partial.rename(library)
    python = [tools.variables["BUILD_PYTHON"]]
    if tools.root is not None:
        python = tools.root.command(python, tools.root.base_environment())
    return Codec(python, tools.inside(library))
