"""Builds the fuzz target and says how to start a Python that can load it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.oracles.crates import Toolchain, build, toolchain

__all__ = ["Workshop", "workshop"]

_CRATE = "tests/fuzz/codec_fuzz"

# trace-pc counts steps, the 8-bit counters are libFuzzer's coverage, the comparisons its hints.
_RECIPE = f"""\
cd "$SOURCE/{_CRATE}"
host=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module --cfg fuzzing"
for option in level=4 inline-8bit-counters pc-table trace-pc trace-compares trace-divs trace-geps; do
    flags="$flags -Cllvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS="$flags" CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --release --target "$host"
cp "$TARGET/$host/release/libcodec_fuzz.so" "$OUT/"
"""


@dataclass(frozen=True)
class Workshop:
    """A folder that the fuzzer's process sees, the Python to start there, and the library as it sees it."""

    folder: Path
    python: list[str]
    library: str
    tools: Toolchain

    def inside(self, path: Path) -> str:
        """A path below ``folder`` as the process sees it."""
        return self.tools.inside(path)


def workshop() -> Workshop:
    """The library, built when its sources have changed, in a fresh folder."""
    product = build("codec-fuzz", ["bridge_crate/src", _CRATE], _RECIPE, "libcodec_fuzz.so")
    tools = toolchain()
    folder = tools.work / "fuzz" / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    library = folder / product.name
    shutil.copyfile(product, library)
    python = [tools.variables["BUILD_PYTHON"]]
    if tools.root is not None:
        python = tools.root.command(python, tools.root.base_environment())
    return Workshop(folder, python, tools.inside(library), tools)
