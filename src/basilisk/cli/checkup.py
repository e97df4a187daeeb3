"""What ``basilisk doctor`` looks at, one function for each thing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from basilisk.cli.versions import DEPENDENCIES, version, version_of
from basilisk.errors import BasiliskError

__all__ = ["Finding", "checkup"]

_ROOM = 1_000_000_000
"""Bytes of free space below which the cache folder gets a note (an unpacked toolchain takes more)."""


@dataclass(frozen=True)
class Finding:
    """One line: ``state`` is ``ok``, ``note`` (works, but) or ``missing``."""

    name: str
    state: str
    found: str
    remedy: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        return asdict(self)


def checkup() -> list[Finding]:
    """All findings, in the order in which they matter.  A check that fails is itself a finding."""
    findings: list[Finding] = []
    for check in (_python, _packages, _runtime, _wasmtime, _cache, _environment, _toolchain, _companions):
        findings += _guarded(check)
    return findings


def _guarded(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    name = check.__name__.strip("_")
    try:
        return list(check())
    except BasiliskError as error:
        return [Finding(name, "missing", error.what, error.remedy)]
    except Exception as error:  # a doctor must not fall ill
        return [Finding(name, "note", f"could not be checked: {type(error).__name__}: {error}")]


def _python() -> Iterator[Finding]:
    found = f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    yield Finding("basilisk", "ok", f"{version()} in {Path(__file__).resolve().parents[1]}")
    yield Finding("python", "ok", found)


def _packages() -> Iterator[Finding]:
    for name in DEPENDENCIES:
        found = version_of(name)
        if found is None:
            yield Finding(name, "missing", "not installed", f"pip install {name}")
        else:
            yield Finding(name, "ok", found)


def _runtime() -> Iterator[Finding]:
    from basilisk.runtime import find, load
    from basilisk.runtime.lookup import checkout

    found = find()
    if found is None:
        if checkout() is not None:
            remedy = "make runtime (takes some minutes, once)"
            yield Finding("runtime", "missing", "not built yet", remedy)
        else:
            remedy = "reinstall basilisk from a wheel, or point BASILISK_RUNTIME at a runtime.wasm.zst"
            yield Finding("runtime", "missing", "not in the wheel, not in the cache", remedy)
        return
    try:
        runtime = load()
        modules = len(runtime.stdlib.modules)
    except BasiliskError as error:
        yield Finding("runtime", "missing", error.what, error.remedy)
        return
    size = found.path.stat().st_size / 1e6
    found_text = f"CPython {runtime.python_version}, {modules} library modules, {size:.1f} MB"
    yield Finding("runtime", "ok", f"{found_text}, from the {found.origin}: {found.path}")


def _wasmtime() -> Iterator[Finding]:
    if version_of("wasmtime") is None:
        return
    from basilisk.engine import Engine

    Engine(cache=False, meter=False).compile(b"\0asm\x01\0\0\0")
    yield Finding("engine", "ok", f"wasmtime runs on {platform.machine()} {platform.system()}")


def _cache() -> Iterator[Finding]:
    from basilisk.runtime.cache import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "set XDG_CACHE_HOME to a folder you may write to; without a cache every build is slow"
        yield Finding("cache", "note", f"{folder} cannot be written: {error.strerror or error}", remedy)
        return
    free = shutil.disk_usage(folder).free
    used = sum(item.stat().st_size for item in folder.glob("*/*") if item.is_file())
    text = f"{folder}, {used / 1e6:.0f} MB of small entries, {free / 1e9:.1f} GB free"
    yield Finding("cache", "ok" if free > _ROOM else "note", text, None if free > _ROOM else "make room")


def _environment() -> Iterator[Finding]:
    backend = os.environ.get("BASILISK_PYTHON_BACKEND")
    if backend not in (None, "", "cpython"):
        text = f"BASILISK_PYTHON_BACKEND={backend}"
        yield Finding("settings", "missing", text, "unset it: every canister runs on CPython 3.13")
    from basilisk.build.environment import environment_folders

    folders = environment_folders()
    shown = ", ".join(map(str, folders)) or "none"
    origin = "VIRTUAL_ENV" if os.environ.get("VIRTUAL_ENV") else "this Python"
    yield Finding("packages from", "ok", f"{shown} ({origin})")


def _toolchain() -> Iterator[Finding]:
    """What building the runtime takes; of interest in a source checkout only."""
    from basilisk.runtime.lookup import checkout

    if checkout() is None:
        return
    sdk = os.environ.get("WASI_SDK_PATH")
    if sdk:
        there = Path(sdk, "bin", "clang").exists()
        remedy = None if there else "point WASI_SDK_PATH at an unpacked SDK, or unset it"
        yield Finding("WASI_SDK_PATH", "ok" if there else "note", sdk, remedy)
    tools = [name for name in ("mmdebstrap", "podman", "docker", "rustup") if shutil.which(name)]
    if tools or sdk:
        yield Finding("build tools", "ok", ", ".join(tools) or "WASI SDK")
    else:
        remedy = "for building the runtime: apt-get install mmdebstrap, or set WASI_SDK_PATH"
        yield Finding("build tools", "note", "none of mmdebstrap, podman, docker, rustup", remedy)


def _companions() -> Iterator[Finding]:
    """Tools for the public network; nothing here needs them."""
    for name, use in (("dfx", "deploys canisters"), ("icp", "deploys canisters")):
        path = shutil.which(name)
        if path is not None:
            yield Finding(name, "ok", f"{path} ({use})")
