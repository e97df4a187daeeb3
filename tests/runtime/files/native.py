"""The bridge's file system as a program of this machine, built when its sources have changed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from os import environ, getpid

from tests.oracles.crates import build, toolchain

__all__ = ["FileFault", "Files", "native_files"]

_RECIPE = """\
cd "$SOURCE/bridge_crate/files_native"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --offline --release
cp "$TARGET/release/basilisk-files" "$OUT/"
"""
_INPUTS = ["bridge_crate/files", "bridge_crate/files_native", "bridge_crate/stable"]


class FileFault(Exception):
    """An operation failed with ``number``, an error number of WASI."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class Stat:
    """What ``stat`` says; times in nanoseconds."""

    device: int
    node: int
    kind: int
    links: int
    size: int
    accessed: int
    modified: int
    changed: int
    mode: int


class Files:
    """Talks to the program; one file system at a time, :meth:`new` makes another."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """Ends the program; its exit code must be 0."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(60) == 0

    def ask(self, *words: int | str | bytes) -> list[str]:
        """The words of the answer to one operation.  Raises :class:`FileFault`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        line = " ".join(f"x{word.hex()}" if isinstance(word, bytes) else str(word) for word in words)
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        assert answer, f"the file system died of {line}"
        if answer[0] == "error":
            raise FileFault(int(answer[1]))
        return answer[1:]

    def number(self, *words: int | str | bytes) -> int:
        return int(self.ask(*words)[0])

    def data(self, *words: int | str | bytes) -> bytes:
        return bytes.fromhex(self.ask(*words)[0][1:])

    def stat(self, *words: int | str | bytes) -> Stat:
        return Stat(*map(int, self.ask(*words)))

    def names(self, path: bytes) -> list[bytes]:
        return [bytes.fromhex(word[1:]) for word in self.ask("list", path)]

    def new(self, pages: int = 1 << 40, heap: int = 1 << 30) -> None:
        """An empty file system; so many pages for each memory, so many bytes for files in the heap."""
        self.ask("new", pages, heap)

    def upgrade(self, pages: int = 1 << 40, heap: int = 1 << 30) -> None:
        """What an upgrade does: the heap is gone."""
        self.ask("upgrade", pages, heap)


def native_files() -> Files:
    """The file system; the caller closes it.  ``BASILISK_FILES_PROGRAM`` names another program."""
    given = environ.get("BASILISK_FILES_PROGRAM")
    if given:
        return Files(shlex.split(given))
    product = build("files-native", _INPUTS, _RECIPE, "basilisk-files")
    tools = toolchain()
    program = tools.work / "files-native" / product.parent.name / product.name
    if not program.is_file():
        program.parent.mkdir(parents=True, exist_ok=True)
        partial = program.with_name(f".{getpid()}")
        shutil.copyfile(product, partial)
        partial.chmod(0o755)
        partial.rename(program)
    command = [tools.inside(program)]
    if tools.root is not None:
        command = tools.root.command(command, tools.root.base_environment())
    return Files(command)
