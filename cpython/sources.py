"""Source archives: fetched once, checked against their SHA-256 always, unpacked and patched."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import urllib.request
from pathlib import Path

from cpython.cache import cache_root
from cpython.faults import BuildFault
from cpython.patching import apply_folder
from cpython.pins import Source
from cpython.progress import Progress
from cpython.toolchain import Toolchain

__all__ = ["fetch", "unpack"]

_TIMEOUT_SECONDS = 60.0

_APT_SOURCE = """\
cd "$FETCH"
apt-get -o APT::Sandbox::User=root update
apt-get -o APT::Sandbox::User=root source --download-only --only-source --tar-only "$PACKAGE"
"""


def fetch(source: Source, toolchain: Toolchain, progress: Progress) -> Path:
    """Path of the archive: from the cache, BASILISK_SOURCES, Debian's source package or a URL."""
    final = cache_root() / "sources" / source.sha256 / source.file
    if final.is_file() and _sha256(final) == source.sha256:
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.partial")
    tried: list[str] = []
    for take in (_from_folder, _from_debian, _from_urls):
        partial.unlink(missing_ok=True)
        try:
            if not take(source, toolchain, partial, progress):
                continue
        except (OSError, BuildFault) as error:
            tried.append(str(error))
            continue
        actual = _sha256(partial)
        if actual == source.sha256:
            os.replace(partial, final)
            return final
        tried.append(f"{source.file} has SHA-256 {actual}, expected {source.sha256}")
    partial.unlink(missing_ok=True)
    raise BuildFault(
        f"the source of {source.name} {source.version} could not be had",
        cause="\n    ".join(tried) or "no place for it is known",
        remedy=f"put {source.file} (SHA-256 {source.sha256}) into a folder and name it with BASILISK_SOURCES",
    )


def unpack(source: Source, archive: Path, target: Path, patches: Path) -> list[str]:
    """Unpack the archive as ``target`` and apply its patches; returns their names."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(target.parent, filter="data")
        else:  # Debian 12's first 3.11 and older; the archive's bytes are pinned
            tar.extractall(target.parent)
    os.rename(target.parent / source.folder, target)
    names = apply_folder(patches / source.patches, target)
    _fix_times(target)
    return names


def _fix_times(folder: Path) -> None:
    """One time for all files, so that make never thinks that a patched file's products are stale or fresh."""
    for place, _folders, files in os.walk(folder):
        for name in files:
            os.utime(os.path.join(place, name), (1_000_000_000, 1_000_000_000), follow_symlinks=False)


def _from_folder(source: Source, _toolchain: Toolchain, partial: Path, _progress: Progress) -> bool:
    named = os.environ.get("BASILISK_SOURCES")
    if not named or not (Path(named) / source.file).is_file():
        return False
    shutil.copyfile(Path(named) / source.file, partial)
    return True


def _from_debian(source: Source, toolchain: Toolchain, partial: Path, progress: Progress) -> bool:
    if toolchain.root is None:
        return False
    folder = toolchain.work / "fetch" / source.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    toolchain.run(
        progress,
        f"fetching the source of {source.name} {source.version} (Debian source package {source.package})",
        _APT_SOURCE,
        log=f"fetch-{source.name}",
        env={"FETCH": toolchain.inside(folder), "PACKAGE": source.package},
        remedy="check the network",
    )
    shutil.copyfile(folder / source.file, partial)
    shutil.rmtree(folder)
    return True


def _from_urls(source: Source, _toolchain: Toolchain, partial: Path, progress: Progress) -> bool:
    for number, url in enumerate(source.urls):
        progress.say(f"fetching {url}")
        try:
            with (
                urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer,
                open(partial, "wb") as output,
            ):
                shutil.copyfileobj(answer, output)
            return True
        except OSError as error:
            if number == len(source.urls) - 1:
                raise OSError(f"{url}: {error}") from error
    return False


def _sha256(path: Path) -> str:
    state = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            state.update(block)
    return state.hexdigest()
