"""The steps from CPython's prefix folder to the runtime artefact."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cpython.cache import digest, tree_digest
from cpython.cross import REPOSITORY, cpython_key
from cpython.pins import Pins
from cpython.progress import Progress
from cpython.toolchain import Toolchain
from cpython.wheels import fetch_wheel
from tools.reachability import document, numbered, without_names
from tools.reachability.inittab import shipped_only
from tools.toolbox import SourcesChanged, build_toolbox
from tools.wasm_file import check_runtime, custom_section

__all__ = ["ARTEFACT", "SourcesChanged", "assemble", "runtime_key"]

ARTEFACT = "runtime.wasm.zst"
FORMAT_VERSION = 1
"""``format`` in the manifest; basilisk.runtime.artefact reads the same number."""

_INPUTS = ("bridge_crate", "stdlib_bundler", "toolbox_crate", "tools/recipes", "tools/reachability")
_NOT_INPUTS = shutil.ignore_patterns("target", "__pycache__", "*.pyc")
_RECIPES = Path(__file__).parent / "recipes"
_RUST_REMEDY = "read the log; cargo needs the network for the crates that Cargo.lock names, once"
_VERSIONS = {
    "clang": ["sh", "-c", "$CC --version"],
    "rustc": ["rustc", "--version"],
    "wasm-opt": ["wasm-opt", "--version"],
    "python": ["sh", "-c", "$BUILD_PYTHON -VV"],
    "zstd": ["zstd", "--version"],
}


def runtime_key(pins: Pins, debug: bool = False) -> str:
    """Hash of everything the artefact is made from; ``debug`` is for the one that watches itself."""
    wheels = [f"{name} {wheel.sha256}" for name, wheel in sorted(pins.wheels.items())]
    inputs = tree_digest(REPOSITORY, _INPUTS)
    return digest("runtime", str(FORMAT_VERSION), cpython_key(pins, debug), inputs, *wheels)


def assemble(
    pins: Pins,
    toolchain: Toolchain,
    prefix: Path,
    progress: Progress,
    folder: Path,
    key: str,
    debug: bool = False,
) -> None:
    """Build all parts and write ``folder/runtime.wasm.zst``; ``key`` is the hash that names the result."""
    work = toolchain.work / "runtime"
    shutil.rmtree(work, ignore_errors=True)
    out = work / "out"
    out.mkdir(parents=True)
    for name in ("bridge_crate", "stdlib_bundler"):
        # Without their dates: cargo trusts them, and what it built last may be another checkout's.
        shutil.copytree(REPOSITORY / name, work / name, ignore=_NOT_INPUTS, copy_function=shutil.copy)
    if runtime_key(pins, debug) != key:
        raise SourcesChanged("the sources changed while they were copied", remedy="run it again")
    shutil.copytree(prefix, work / "prefix", symlinks=True)
    zones = pins.wheels["tzdata"]
    shutil.copyfile(fetch_wheel(zones, progress), work / zones.file)
    config = (prefix / "config.c").read_text("utf-8")
    (out / "inittab.c").write_text(shipped_only(config), "utf-8")
    env = {
        "OUT": toolchain.inside(out),
        "PREFIX": toolchain.inside(work / "prefix"),
        "SOURCES": toolchain.inside(work),
        "ZONES": toolchain.inside(work / zones.file),
        "SOURCE_DATE_EPOCH": "1000000000",
    }
    bridge = {
        **env,
        "SOURCE": toolchain.inside(work / "bridge_crate"),
        "TARGET": _target(toolchain, "bridge-debug" if debug else "bridge"),
        **(_watchful(toolchain) if debug else {}),
    }
    _step(toolchain, progress, "compiling the bridge (Rust)", "bridge", bridge, _RUST_REMEDY)
    _step(toolchain, progress, "linking the runtime", "link", bridge, "read the log")
    linked = (out / "linked.wasm").read_bytes()
    check_runtime(linked)
    (out / "numbered.wasm").write_bytes(numbered(linked))
    _step(toolchain, progress, "shrinking it with wasm-opt", "optimise", env, "read the log")
    _step(toolchain, progress, "compiling the standard library", "stdlib", env, "read the log")
    toolbox = build_toolbox(pins, toolchain, progress)

    optimised = (out / "optimised.wasm").read_bytes()
    module = without_names(optimised)
    check_runtime(module)
    manifest = _manifest(pins, toolchain, prefix, key)
    module += custom_section("basilisk:stdlib", (out / "stdlib.bin").read_bytes())
    module += custom_section("basilisk:imports", (out / "imports.json").read_bytes())
    module += custom_section("basilisk:removable", document(linked, optimised))
    module += custom_section("basilisk:toolbox", toolbox.read_bytes())
    module += custom_section("basilisk:manifest", manifest)
    (out / "runtime.wasm").write_bytes(module)
    _step(toolchain, progress, "packing it", "pack", env, "read the log")
    shutil.copyfile(out / ARTEFACT, folder / ARTEFACT)
    shutil.rmtree(work)


def _step(
    toolchain: Toolchain, progress: Progress, title: str, name: str, env: dict[str, str], remedy: str
) -> None:
    script = (_RECIPES / f"{name}.sh").read_text("utf-8")
    toolchain.run(progress, title, script, log=f"runtime-{name}", env=env, remedy=remedy)


def _watchful(toolchain: Toolchain) -> dict[str, str]:
    """Guards around Python's blocks of memory, and Rust's assertions and checks of overflow."""
    return {
        "CC": toolchain.variables["CC"] + " -DBASILISK_DEBUG -UNDEBUG",
        "CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS": "true",
        "CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS": "true",
    }


def _target(toolchain: Toolchain, name: str) -> str:
    """Cargo's folder: kept between builds, so that only what changed is compiled again."""
    folder = toolchain.work / "target" / name
    folder.mkdir(parents=True, exist_ok=True)
    return toolchain.inside(folder)


def _manifest(pins: Pins, toolchain: Toolchain, prefix: Path, key: str) -> bytes:
    """What the artefact is made of; no date, no path, keys sorted."""
    versions = {name: toolchain.output(argv).split("\n")[0] for name, argv in sorted(_VERSIONS.items())}
    content = {
        "format": FORMAT_VERSION,
        "cpython": {
            "version": pins.sources["cpython"].version,
            "patches": (prefix / "patches.txt").read_text("utf-8").split(),
        },
        "key": key,
        "sources": {name: source.sha256 for name, source in pins.sources.items()},
        "wheels": {name: wheel.sha256 for name, wheel in pins.wheels.items()},
        "tools": versions,
    }
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
