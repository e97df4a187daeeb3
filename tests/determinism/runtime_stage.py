"""Stage ``--runtime``: the runtime artefact built a second time, from nothing, in a cache of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from cpython.cache import cache_root
from tests.determinism.report import Report
from tests.determinism.variants import BuildFailed, build_runtime

__all__ = ["compare_runtimes"]

#: Surroundings of the second build.
_OTHER = {"LANG": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "USER": "other", "PYTHONHASHSEED": "7"}


def compare_runtimes(report: Report) -> None:
    """Compare the artefact of this checkout, built when it is not in the cache, with a second one.

    The second build makes its own toolchain and all parts; only the archives of the sources, which are known
    by their hash, are taken over.
    """
    with tempfile.TemporaryDirectory(prefix="basilisk-elsewhere-") as folder:
        present = cache_root() / "sources"
        if present.is_dir():
            shutil.copytree(present, Path(folder, "basilisk", "sources"))
        try:
            hashes = [
                hashlib.sha256(build_runtime(_unchanged, report.say, environment).read_bytes()).hexdigest()
                for environment in (dict(os.environ), {**os.environ, **_OTHER, "XDG_CACHE_HOME": folder})
            ]
        except BuildFailed as failure:
            report.add("bytes of the runtime", "two builds", "not built", [failure.text])
            return
    differences = [" is not ".join(hashes)] if hashes[0] != hashes[1] else []
    cases = f"1 artefact, SHA-256 {hashes[0][:16]}…"
    report.add("bytes of the runtime", "two toolchain folders, caches, locales", cases, differences)


def _unchanged(_sources: Path) -> None:
    """The sources as they are."""
