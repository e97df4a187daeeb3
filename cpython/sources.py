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
from cpython.fixes import Fix, apply_fixes, check_fix
from cpython.patching import apply_folder
from cpython.pins import Source
from cpython.progress import Progress
from cpython.toolchain import Toolchain

__all__ = ["fetch", "fetch_fixes", "unpack"]

_TIMEOUT_SECONDS = 60.0

# A mirror may list a version whose files it does not hold (yet): the next older one is tried then.
_APT_SOURCE = """\
cd "$FETCH"
apt-get -o APT::Sandbox::User=root update
for version in $(apt-cache showsrc "$PACKAGE" | sed -n 's/^Version: //p' | sort -rVu); do
    if apt-get -o APT::Sandbox::User=root source --download-only --only-source "$PART" "$PACKAGE=$version"
    then exit 0
    fi
done
exit 1
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


def fetch_fixes(
    source: Source, fixes: list[Fix], toolchain: Toolchain, progress: Progress
) -> dict[str, bytes]:
    """The texts of the fixes by name: from the cache, BASILISK_SOURCES or Debian's source package."""
    folder = cache_root() / "sources" / "fixes"
    found: dict[str, bytes] = {}
    archive: Path | None = None
    for fix in fixes:
        place = folder / fix.sha256
        data = place.read_bytes() if place.is_file() else b""
        if not check_fix(fix, data):
            archive = archive or _packaging(source, toolchain, progress)
            data = _member(archive, f"debian/patches/{fix.debian}")
            if not check_fix(fix, data):
                raise BuildFault(
                    f"{fix.debian} in {archive.name} is not the patch that was reviewed for {fix.name}",
                    cause="Debian has published a newer source package",
                    remedy="review it and update patches/fixes.json (see CONTRIBUTING.md), or name a folder "
                    "with the earlier archive in BASILISK_SOURCES",
                )
            folder.mkdir(parents=True, exist_ok=True)
            partial = place.with_name(f".{place.name}.partial")
            partial.write_bytes(data)
            os.replace(partial, place)
        found[fix.name] = data
    return found


def _packaging(source: Source, toolchain: Toolchain, progress: Progress) -> Path:
    """Debian's half of the source package, which holds its patches."""
    pattern = f"{source.package}_*.debian.tar.xz"
    named = os.environ.get("BASILISK_SOURCES")
    places = sorted(Path(named).glob(pattern)) if named else []
    if not places and toolchain.root is not None:
        places = sorted(_apt_source(source, toolchain, progress, "--diff-only").glob(pattern))
    if not places:
        raise BuildFault(
            f"the security fixes for {source.name} {source.version} could not be had",
            cause=f"they come from Debian's source package {source.package}, and there is no apt here",
            remedy=f"put {pattern} into a folder and name it with BASILISK_SOURCES",
        )
    return places[-1]


def _member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as tar:
        try:
            member = tar.extractfile(name)
        except KeyError:
            member = None
        if member is None:
            raise BuildFault(f"{archive.name} holds no {name}", remedy="review patches/fixes.json")
        return member.read()


def unpack(
    source: Source, archive: Path, target: Path, patches: Path, fixes: list[Fix], texts: dict[str, bytes]
) -> list[str]:
    """Unpack the archive as ``target``, apply the security fixes, then our patches; returns their names."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(target.parent, filter="data")
        else:  # Debian 12's first 3.11 and older; the archive's bytes are pinned
            tar.extractall(target.parent)
    os.rename(target.parent / source.folder, target)
    names = apply_fixes(fixes, texts, target) + apply_folder(patches / source.patches, target)
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
    shutil.copyfile(_apt_source(source, toolchain, progress, "--tar-only") / source.file, partial)
    return True


def _apt_source(source: Source, toolchain: Toolchain, progress: Progress, part: str) -> Path:
    """A folder with ``part`` of Debian's source package."""
    folder = toolchain.work / "fetch" / source.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    what = "the fixes" if part == "--diff-only" else "the source"
    toolchain.run(
        progress,
        f"fetching {what} of {source.name} {source.version} (Debian source package {source.package})",
        _APT_SOURCE,
        log=f"fetch-{source.name}",
        env={"FETCH": toolchain.inside(folder), "PACKAGE": source.package, "PART": part},
        remedy="check the network",
    )
    return folder


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
