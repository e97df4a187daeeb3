"""Python packages whose files go into the runtime's library: fetched with pip, checked by SHA-256."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cpython.cache import cache_root
from cpython.faults import BuildFault
from cpython.pins import Wheel
from cpython.progress import Progress

__all__ = ["fetch_wheel"]


def fetch_wheel(wheel: Wheel, progress: Progress) -> Path:
    """Path of the wheel: from the cache, BASILISK_SOURCES, or wherever pip is set up to get packages from.

    Raises :class:`BuildFault` when none of them has a file with the pinned SHA-256.
    """
    final = cache_root() / "sources" / wheel.sha256 / wheel.file
    if _right(final, wheel):
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    named = os.environ.get("BASILISK_SOURCES")
    given = Path(named) / wheel.file if named else None
    if given is not None and _right(given, wheel):
        return _keep(given, final)
    with tempfile.TemporaryDirectory(dir=final.parent) as folder:
        cause = _download(wheel, Path(folder), progress)
        found = Path(folder) / wheel.file
        if _right(found, wheel):
            return _keep(found, final)
    raise BuildFault(
        f"the package {wheel.name} {wheel.version} could not be had",
        cause=cause or f"pip fetched no {wheel.file}",
        remedy="check the network and pip's configuration, or "
        f"put {wheel.file} (SHA-256 {wheel.sha256}) into a folder and name it with BASILISK_SOURCES",
    )


def _download(wheel: Wheel, folder: Path, progress: Progress) -> str:
    """Let pip fetch the wheel into ``folder``; returns what it complained about, or nothing."""
    progress.say(f"fetching the package {wheel.name} {wheel.version} with pip")
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n", "utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "-r", str(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else done.stderr.strip()[-2000:]


def _right(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == wheel.sha256


def _keep(path: Path, final: Path) -> Path:
    partial = final.with_name(f".{final.name}.partial")
    shutil.copyfile(path, partial)
    os.replace(partial, final)
    return final
