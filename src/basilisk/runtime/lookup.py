"""Where the runtime artefact comes from, in this order: environment, wheel, cache, download, build."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from basilisk.errors import ArtefactError, UsageError
from basilisk.runtime.artefact import Runtime, open_artefact
from basilisk.runtime.cache import cache_folder, store_cached

__all__ = ["FILE_NAME", "Found", "checkout", "find", "load"]

FILE_NAME = "runtime.wasm.zst"
_PACKAGE = Path(__file__).resolve().parents[1]
_DOWNLOAD_SECONDS = 60.0


@dataclass(frozen=True)
class Found:
    """A place where the artefact is, not opened yet."""

    path: Path
    origin: str


def checkout() -> Path | None:
    """Root of the source checkout this package runs from, or None for an installed package."""
    root = _PACKAGE.parents[1]
    return root if (root / "tools" / "runtime.py").is_file() and (root / "bridge_crate").is_dir() else None


def find() -> Found | None:
    """Look for an artefact without downloading or building one."""
    named = os.environ.get("BASILISK_RUNTIME")
    if named:
        path = Path(named)
        if not path.is_file():
            raise UsageError(
                f"BASILISK_RUNTIME names {named}, which is not a file",
                remedy="point it at a runtime.wasm.zst, or unset it",
            )
        return Found(path, "environment")
    wheel = _PACKAGE / "runtime" / "artefact" / FILE_NAME
    if wheel.is_file():
        return Found(wheel, "wheel")
    cached = _cached_path()
    if cached is not None and cached.is_file():
        return Found(cached, "cache")
    return None


def load() -> Runtime:
    """Find, and if need be fetch or build, the artefact; open and check it.

    Raises :class:`ArtefactError` when there is none or when it is damaged.
    """
    found = find() or _download() or _build()
    if found is None:
        raise ArtefactError(
            "there is no runtime artefact on this machine",
            cause="this installation of basilisk does not carry one",
            remedy="install a released wheel, or point BASILISK_RUNTIME at a runtime.wasm.zst; "
            "`basilisk doctor` lists the places that were looked at",
        )
    return _opened(found, _signature(found.path))


@lru_cache(maxsize=1)
def _opened(found: Found, _signature: object) -> Runtime:
    """The artefact; opened once in a process as long as the file stays the same."""
    return open_artefact(found.path, found.origin)


def _signature(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced or edited."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _pin() -> dict[str, Any]:
    """What a package without an artefact knows of it: ``key`` in the cache, ``url`` and ``sha256``."""
    try:
        content = json.loads((_PACKAGE / "runtime" / "artefact" / "pin.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _cached_path() -> Path | None:
    """Where the cache has the artefact if it has it: under a hash of everything that it is made from."""
    root = checkout()
    if root is not None:
        return _path_of_checkout(root)
    key = _pin().get("key")
    return cache_folder() / "runtime" / key / FILE_NAME if isinstance(key, str) else None


def _path_of_checkout(root: Path) -> Path | None:
    """Ask the checkout's own tool; it alone knows what goes into the artefact."""
    try:
        answer = subprocess.run(
            [sys.executable, "-I", "-S", str(root / "tools" / "runtime.py"), "--print-path"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    lines = answer.stdout.split()
    return Path(lines[-1]) if answer.returncode == 0 and lines else None


def _download() -> Found | None:
    """Fetch the artefact from the configured place, if one is configured, and check its SHA-256."""
    pin = _pin()
    url = os.environ.get("BASILISK_RUNTIME_URL") or pin.get("url")
    expected = os.environ.get("BASILISK_RUNTIME_SHA256") or pin.get("sha256")
    if not url:
        return None
    if not isinstance(expected, str) or len(expected) != 64:
        raise ArtefactError(
            f"the runtime at {url} has no SHA-256 to check it against",
            remedy="set BASILISK_RUNTIME_SHA256 beside BASILISK_RUNTIME_URL",
        )
    import urllib.request

    try:
        with urllib.request.urlopen(str(url), timeout=_DOWNLOAD_SECONDS) as answer:
            data: bytes = answer.read()
    except (OSError, ValueError) as error:
        raise ArtefactError(
            f"the runtime artefact could not be downloaded from {url}: {error}",
            remedy="check the network, or point BASILISK_RUNTIME at a file",
        ) from error
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected.lower():
        raise ArtefactError(
            f"the download from {url} has SHA-256 {actual}, expected {expected.lower()}",
            cause="the file was damaged on its way, or it is another release's",
            remedy="try again; if it happens again, do not use that place",
        )
    path = cache_folder() / "runtime" / actual / FILE_NAME
    if not store_cached(path, data):
        raise ArtefactError(
            f"the downloaded runtime artefact could not be written to {path}",
            remedy="make room or set XDG_CACHE_HOME to a writable folder",
        )
    return Found(path, "download")


def _build() -> Found | None:
    """In a source checkout, let the checkout's tool build the artefact; its progress goes to stderr."""
    root = checkout()
    if root is None:
        return None
    sys.stderr.write("basilisk: building the runtime first; this takes some minutes, once\n")
    answer = subprocess.run(
        [sys.executable, str(root / "tools" / "runtime.py")], stdout=subprocess.PIPE, text=True, check=False
    )
    places = [
        line.partition(": ")[2].strip() for line in answer.stdout.splitlines() if line[:9] == "runtime: "
    ]
    if answer.returncode != 0 or not places:
        raise ArtefactError(
            f"building the runtime failed (exit code {answer.returncode})",
            remedy="read the output above; `make runtime` repeats the step",
        )
    return Found(Path(places[-1]), "build")
