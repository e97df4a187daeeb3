"""Stage ``--runtime``: the runtime artefact built twice, from nothing, in folders of its own."""

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


def compare_runtimes(report: Report) -> None:
    """Build the artefact in two fresh caches and compare the bytes; only the sources' archives are kept."""
    hashes = []
    for number, surroundings in enumerate(
        (
            {"LANG": "C", "TZ": "UTC"},
            {"LANG": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "USER": "other", "PYTHONHASHSEED": "7"},
        )
    ):
        with tempfile.TemporaryDirectory(prefix="basilisk-" + "x" * number * 20) as folder:
            _take_sources(Path(folder, "basilisk"))
            try:
                path = build_runtime(
                    lambda _sources: None,
                    report.say,
                    {**os.environ, **surroundings, "XDG_CACHE_HOME": folder},
                )
            except BuildFailed as failure:
                report.add("bytes of the runtime", "two builds", "1 artefact", [failure.text])
                return
            hashes.append(hashlib.sha256(path.read_bytes()).hexdigest())
    differences = [f"{hashes[0]} and {hashes[1]}"] if hashes[0] != hashes[1] else []
    report.add(
        "bytes of the runtime", "two caches, folders, locales", f"1 artefact, {hashes[0][:16]}…", differences
    )


def _take_sources(cache: Path) -> None:
    """Archives are known by their hash; fetching them again would show nothing."""
    present = cache_root() / "sources"
    if present.is_dir():
        shutil.copytree(present, cache / "sources")
