"""Built programs on disk, shared by all test runs of this user.

An entry is one file: a line of JSON that describes it, then the gzipped module.  It is written whole or not
at all; whoever makes one holds a lock, so that parallel test processes build a program once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from basilisk.runtime.cache import cache_folder, prune, read_cached, store_cached

__all__ = ["fetch", "folder"]

#: Entries that are kept; each takes some 4 MB.
_KEPT = 32

Entry = tuple[dict[str, object], bytes]


def folder() -> Path:
    """Where the entries are."""
    return cache_folder() / "tests"


def fetch(digest: str, make: Callable[[], Entry]) -> Entry:
    """The entry of ``digest``, made by ``make`` if nobody has made it yet."""
    path = folder() / "programs" / digest
    found = _read(path)
    if found is not None:
        with contextlib.suppress(OSError):
            os.utime(path)  # the entries that were used last are kept
        return found
    with _locked(folder() / "locks" / digest[:2]):
        found = _read(path)
        if found is None:
            found = make()
            _write(path, found)
            prune(path.parent, _KEPT)
    return found


def _read(path: Path) -> Entry | None:
    data = read_cached(path)
    if data is None:
        return None
    head, _, wasm = data.partition(b"\n")
    try:
        about = json.loads(head)
        whole = about.pop("sha256") == hashlib.sha256(wasm).hexdigest()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return (about, wasm) if whole else None


def _write(path: Path, entry: Entry) -> None:
    about, wasm = entry
    head = json.dumps({**about, "sha256": hashlib.sha256(wasm).hexdigest()}).encode()
    store_cached(path, head + b"\n" + wasm)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; where there can be none, the same work may be done twice."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):  # file systems without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
