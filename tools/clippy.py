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

#: Folders that are copied, so that crates find each other.
_TREES = ("bridge_crate", "toolbox_crate", "tests/oracles", "tests/fuzz")
#: Crates that run on this machine; all others become WebAssembly.
_NATIVE = frozenset({"codec_native", "files_native", "codec_fuzz"})
# The driver directly: the command `cargo clippy` looks for itself in /proc, which a container may not offer.
# A crate without Cargo.lock depends on crates of ours alone.
_RECIPE = """\
cd "$SOURCE"
export CARGO_TARGET_DIR="$TARGET" RUSTC_WORKSPACE_WRAPPER=clippy-driver RUSTFLAGS="-D warnings"
[ -e Cargo.lock ] && set -- --locked
[ -n "$PLATFORM" ] && set -- "$@" --target "$PLATFORM"
"$CARGO" check --release "$@"
"""


def crates() -> list[Path]:
    """Folders of all crates of ours, relative to the repository."""
    manifests = (path for tree in _TREES for path in (REPOSITORY / tree).rglob("Cargo.toml"))
    return sorted(path.parent.relative_to(REPOSITORY) for path in manifests if "target" not in path.parts)


def check(crate: Path, copy: Path, toolchain: Toolchain, progress: Progress) -> None:
    """Run clippy over one crate; its messages end up in the fault that is raised."""
    target = toolchain.work / "target" / "clippy"
    target.mkdir(parents=True, exist_ok=True)
    env = {
        "SOURCE": toolchain.inside(copy / crate),
        "TARGET": toolchain.inside(target),
        "PLATFORM": "" if crate.name in _NATIVE else "wasm32-wasip1",
    }
    toolchain.run(
        progress,
        f"clippy: {crate}",
        _RECIPE,
        log=f"clippy-{crate.name}",
        env=env,
        remedy="mend what clippy names",
    )


def main() -> int:
    """Check all crates; returns the exit code."""
    progress = Progress(cache_root() / "logs")
    try:
        with locked("runtime", progress.say):
            toolchain = provide_toolchain(load_pins(), progress)
            copy = toolchain.work / "clippy"
            shutil.rmtree(copy, ignore_errors=True)
            for tree in _TREES:
                ignored = shutil.ignore_patterns("target", "__pycache__")
                shutil.copytree(REPOSITORY / tree, copy / tree, ignore=ignored)
            for crate in crates():
                check(crate, copy, toolchain, progress)
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
