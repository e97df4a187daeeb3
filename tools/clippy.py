#!/usr/bin/env python3
"""Runs clippy with warnings as errors over our crates, with the toolchain that builds the runtime."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpython.cache import cache_root, locked
from cpython.cross import REPOSITORY
from cpython.faults import BuildFault
from cpython.pins import load_pins
from cpython.progress import Progress
from cpython.toolchain import Toolchain, provide_toolchain

CRATES = ("bridge_crate", "toolbox_crate")
# The driver directly: the command `cargo clippy` looks for itself in /proc, which a container may not offer.
_RECIPE = """\
cd "$SOURCE"
export CARGO_TARGET_DIR="$TARGET" RUSTC_WORKSPACE_WRAPPER=clippy-driver RUSTFLAGS="-D warnings"
"$CARGO" check --locked --release --target wasm32-wasip1
"""


def check(crate: str, toolchain: Toolchain, progress: Progress) -> None:
    """Run clippy over one crate; its messages end up in the fault that is raised."""
    copy = toolchain.work / "clippy" / crate
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(REPOSITORY / crate, copy, ignore=shutil.ignore_patterns("target", "__pycache__"))
    target = toolchain.work / "target" / "clippy"
    target.mkdir(parents=True, exist_ok=True)
    env = {"SOURCE": toolchain.inside(copy), "TARGET": toolchain.inside(target)}
    toolchain.run(
        progress, f"clippy: {crate}", _RECIPE, log=f"clippy-{crate}", env=env, remedy="mend what clippy names"
    )


def main() -> int:
    """Check all crates; returns the exit code."""
    progress = Progress(cache_root() / "logs")
    try:
        with locked("runtime", progress.say):
            toolchain = provide_toolchain(load_pins(), progress)
            for crate in CRATES:
                if (REPOSITORY / crate / "Cargo.toml").is_file():
                    check(crate, toolchain, progress)
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
