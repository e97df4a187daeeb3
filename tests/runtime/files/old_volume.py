"""A volume as an earlier version of the file system wrote it, in ``old_volume.json``.

``python -m tests.runtime.files.old_volume`` writes that file with the program that
``BASILISK_FILES_PROGRAM`` names.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from .native import Files, native_files

__all__ = ["PATH", "content", "fill", "load"]

PATH = Path(__file__).with_name("old_volume.json")


def fill(files: Files) -> None:
    """Files of all kinds, holes, free blocks between used ones, long names, a file without a name."""
    files.new()
    files.ask("world", 1_000, "thawed")

    def write(path: bytes, *parts: tuple[int, bytes]) -> int:
        number = files.number("open", path, "rwc")
        for offset, data in parts:
            files.ask("pwrite", number, data, offset)
        return number

    def written(path: bytes, *parts: tuple[int, bytes]) -> None:
        files.ask("close", write(path, *parts))

    files.ask("mkdir", b"/stable/d")
    files.ask("mkdir", b"/stable/d/e")
    written(b"/stable/empty")
    written(b"/stable/small", (0, b"small"))
    written(b"/stable/d/large", (0, bytes(range(256)) * 400))
    written(b"/stable/d/sparse", (10, b"begin"), (300_000, b"middle"), (1 << 35, b"end"))
    for number in range(120):
        written(b"/stable/d/%d" % number, (0, b"%d" % number * number))
    for number in range(0, 120, 3):
        files.ask("unlink", b"/stable/d/%d" % number)
    for number in range(40):
        written(b"/stable/d/e/" + bytes([97 + number % 26]) * (255 - number), (0, b"long name"))
    left, right = write(b"/stable/left"), write(b"/stable/right")
    for _ in range(60):
        files.ask("write", left, b"l" * 1000)
        files.ask("write", right, b"r" * 3000)
    files.ask("link", b"/stable/left", b"/stable/d/hard")
    files.ask("symlink", b"../left", b"/stable/d/soft")
    write(b"/stable/nameless", (0, b"x" * 50_000))
    files.ask("unlink", b"/stable/nameless")
    files.ask("times", b"/stable/small", 5, 6)
    files.ask("world", 2_000, "thawed")


def content(files: Files, path: bytes = b"/stable") -> Iterator[list[str]]:
    """Everything below a path: each file's path, what is known of it, a check sum of its bytes."""
    stat = files.stat("lstat", path)
    words = [path.decode(), str(stat.kind), str(stat.links), str(stat.size), str(stat.modified)]
    if stat.kind == 3:
        yield words
        for name in files.names(path):
            yield from content(files, path + b"/" + name)
        return
    if stat.kind == 7:
        data = files.data("readlink", path)
    else:
        number = files.number("open", path, "r")
        data = files.data("pread", number, 500_000, 0)
        data += files.data("pread", number, 100, max(0, stat.size - 100))
        files.ask("close", number)
    yield [*words, f"{zlib.crc32(data):08x}"]


def load(files: Files) -> list[list[str]]:
    """Gives the program the volume; what is in it."""
    stored = json.loads(PATH.read_text("utf-8"))
    tree, blocks = (zlib.decompress(base64.b64decode(stored[name])) for name in ("tree", "blocks"))
    files.ask("load", tree, blocks)
    expected: list[list[str]] = stored["content"]
    return expected


def _make() -> None:
    files = native_files()
    fill(files)
    dumped = files.ask("dump")
    memories = (base64.b64encode(zlib.compress(bytes.fromhex(word[1:]), 9)).decode() for word in dumped)
    stored = dict(zip(("tree", "blocks"), memories, strict=True), content=list(content(files)))
    files.close()
    lines = json.dumps(stored).replace("], [", "],\n[")
    PATH.write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    _make()
