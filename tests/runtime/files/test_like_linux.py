"""The file system against the one of this machine: the same operations, the same results and errors."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from .examples import configured
from .native import FileFault, Files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the behaviour is Linux's")

WASI = {
    8: "EBADF",
    10: "EBUSY",
    20: "EEXIST",
    22: "EFBIG",
    28: "EINVAL",
    31: "EISDIR",
    32: "ELOOP",
    37: "ENAMETOOLONG",
    44: "ENOENT",
    54: "ENOTDIR",
    55: "ENOTEMPTY",
    63: "EPERM",
}
FLAGS = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY,
    "rw": os.O_RDWR,
    "a": os.O_APPEND,
    "c": os.O_CREAT,
    "x": os.O_EXCL,
    "t": os.O_TRUNC,
    "d": os.O_DIRECTORY,
    "n": os.O_NOFOLLOW,
}
KINDS = {3: stat.S_IFDIR, 4: stat.S_IFREG, 7: stat.S_IFLNK}

# Links upwards shall not lead out of it.
DEEP = "1/2/3/4/5/6/7/8"

Step = tuple[object, ...]

names = st.sampled_from("a b c d/e a/b b/a a/b/c ./a a/../b a/. a/.. b/ a/b/".split())
paths = st.one_of(
    names, names, names, st.sampled_from([*". ..x c/../c a//b a/b/../..".split(), "x" * 256, ""])
)
targets = st.sampled_from("a b c a/b ../a ../b . .. a/ nowhere b/../c d".split())
opened = st.one_of(st.integers(0, 1), st.integers(0, 1), st.integers(0, 5))
offsets = st.one_of(st.integers(0, 9), st.sampled_from([4095, 4096, 4097, 8192, 70_000]))
contents = st.one_of(
    st.binary(max_size=9),
    st.builds(lambda byte, size: byte * size, st.binary(min_size=1, max_size=1), offsets),
)
# Nanoseconds since 1970.
times = st.one_of(st.integers(0, 9), st.integers(0, 1 << 61))
ways = st.builds(
    lambda access, rest: (access, tuple(sorted(rest))),
    st.sampled_from(["r", "w", "rw", "rw", "rw"]),
    st.sets(st.sampled_from(list("acctxdn")), max_size=3).filter(
        lambda letters: "d" not in letters or letters.isdisjoint("ct")
    ),
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("open"), paths, ways),
    st.tuples(st.just("open"), names, st.just(("rw", ("c",)))),
    st.tuples(st.sampled_from(["mkdir", "rmdir", "unlink", "stat", "lstat", "readlink", "list"]), paths),
    st.tuples(st.sampled_from(["mkdir", "mkdir", "unlink"]), names),
    st.tuples(st.sampled_from(["rename", "rename", "link"]), paths, paths),
    st.tuples(st.just("symlink"), targets, paths),
    st.tuples(st.sampled_from(["close", "fstat"]), opened),
    st.tuples(st.just("read"), opened, offsets),
    st.tuples(st.just("pread"), opened, offsets, offsets),
    st.tuples(st.just("write"), opened, contents),
    st.tuples(st.just("pwrite"), opened, contents, offsets),
    st.tuples(st.just("seek"), opened, st.integers(-5, 9000), st.integers(0, 2)),
    st.tuples(st.just("truncate"), opened, offsets),
    st.tuples(st.just("renumber"), opened, opened),
    st.tuples(st.just("times"), paths, times, times),
    # The owner keeps all rights: here nothing is ever forbidden.
    st.tuples(st.just("chmod"), paths, st.integers(0o700, 0o777)),
    st.tuples(st.sampled_from(["upgrade", "stat"]), st.just(".")),
)


class Ours:
    """The operations on the file system below ``base``."""

    def __init__(self, files: Files, base: str) -> None:
        self.files = files
        self.base = base
        self.open_files: list[int] = []

    def path(self, path: object) -> bytes:
        # An empty path is an error of its own on both sides.
        return f"{self.base}/{path}".encode() if path else b""

    def run(self, step: Step) -> object:
        name, *rest = step
        try:
            return getattr(self, str(name))(*rest)
        except FileFault as fault:
            return WASI.get(fault.number, fault.number)

    def number(self, index: int) -> int:
        return self.open_files[index] if index < len(self.open_files) else 900

    def open(self, path: str, way: tuple[str, tuple[str, ...]]) -> object:
        number = self.files.number("open", self.path(path), way[0] + "".join(way[1]))
        assert number not in self.open_files
        self.open_files.append(number)
        return len(self.open_files)

    def close(self, index: int) -> object:
        self.files.ask("close", self.number(index))
        self.open_files.pop(index)
        return None

    def read(self, index: int, size: int) -> object:
        return self.files.data("read", self.number(index), size)

    def pread(self, index: int, size: int, at: int) -> object:
        return self.files.data("pread", self.number(index), size, at)

    def write(self, index: int, data: bytes) -> object:
        return self.files.number("write", self.number(index), data)

    def pwrite(self, index: int, data: bytes, at: int) -> object:
        return self.files.number("pwrite", self.number(index), data, at)

    def seek(self, index: int, offset: int, whence: int) -> object:
        return self.files.number("seek", self.number(index), offset, whence)

    def truncate(self, index: int, size: int) -> object:
        self.files.ask("truncate", self.number(index), size)
        return None

    def renumber(self, index: int, to: int) -> object:
        self.files.ask("renumber", self.number(index), self.number(to))
        if index != to:
            self.open_files.pop(index)
        return None

    def times(self, path: str, accessed: int, modified: int) -> object:
        self.files.ask("times", self.path(path), accessed, modified)
        found = self.files.stat("stat", self.path(path))
        return found.accessed, found.modified

    def chmod(self, path: str, mode: int) -> object:
        return self.files.ask("chmod", self.path(path), mode) or None

    def upgrade(self, _: str) -> object:
        """What is open is closed, in /stable by an upgrade, after which everything is found anew."""
        if self.base.startswith("/stable"):
            self.files.upgrade()
            self.open_files.clear()
        while self.open_files:
            self.close(0)
        return None

    def _stat(self, *words: str | int | bytes) -> object:
        found = self.files.stat(*words)
        size = None if found.kind == 3 else found.size
        return KINDS[found.kind], found.links, size, found.mode

    def fstat(self, index: int) -> object:
        return self._stat("fstat", self.number(index))

    def stat(self, path: str) -> object:
        return self._stat("stat", self.path(path))

    def lstat(self, path: str) -> object:
        return self._stat("lstat", self.path(path))

    def list(self, path: str) -> object:
        return self.files.names(self.path(path))

    def readlink(self, path: str) -> object:
        return self.files.data("readlink", self.path(path))

    def mkdir(self, path: str) -> object:
        return self.files.ask("mkdir", self.path(path)) or None

    def rmdir(self, path: str) -> object:
        return self.files.ask("rmdir", self.path(path)) or None

    def unlink(self, path: str) -> object:
        return self.files.ask("unlink", self.path(path)) or None

    def rename(self, old: str, new: str) -> object:
        return self.files.ask("rename", self.path(old), self.path(new)) or None

    def link(self, old: str, new: str) -> object:
        return self.files.ask("link", self.path(old), self.path(new)) or None

    def symlink(self, target: str, path: str) -> object:
        return self.files.ask("symlink", target.encode(), self.path(path)) or None


class Theirs:
    """The same operations on this machine's file system."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.open_files: list[int] = []

    def path(self, path: object) -> str:
        return f"{self.base}/{path}" if path else ""

    def run(self, step: Step) -> object:
        name, *rest = step
        try:
            return getattr(self, str(name))(*rest)
        except OSError as error:
            return errno.errorcode[error.errno or 0]

    def number(self, index: int) -> int:
        return self.open_files[index] if index < len(self.open_files) else 900

    def open(self, path: str, way: tuple[str, tuple[str, ...]]) -> object:
        flags = FLAGS[way[0]]
        for letter in way[1]:
            flags |= FLAGS[letter]
        self.open_files.append(os.open(self.path(path), flags, 0o644))
        return len(self.open_files)

    def close(self, index: int) -> object:
        os.close(self.number(index))
        self.open_files.pop(index)
        return None

    def read(self, index: int, size: int) -> object:
        return os.read(self.number(index), size)

    def pread(self, index: int, size: int, at: int) -> object:
        return os.pread(self.number(index), size, at)

    def write(self, index: int, data: bytes) -> object:
        return os.write(self.number(index), data)

    def pwrite(self, index: int, data: bytes, at: int) -> object:
        return os.pwrite(self.number(index), data, at)

    def seek(self, index: int, offset: int, whence: int) -> object:
        return os.lseek(self.number(index), offset, whence)

    def truncate(self, index: int, size: int) -> object:
        os.ftruncate(self.number(index), size)
        return None

    def renumber(self, index: int, to: int) -> object:
        number, other = self.number(index), self.number(to)
        if number == 900 or other == 900:
            raise OSError(errno.EBADF, "no such descriptor")
        if index != to:
            os.dup2(number, other)
            self.close(index)
        return None

    def times(self, path: str, accessed: int, modified: int) -> object:
        os.utime(self.path(path), ns=(accessed, modified))
        found = os.stat(self.path(path))
        return found.st_atime_ns, found.st_mtime_ns

    def chmod(self, path: str, mode: int) -> object:
        return os.chmod(self.path(path), mode)

    def upgrade(self, _: str) -> object:
        while self.open_files:
            self.close(0)
        return None

    @staticmethod
    def _stat(found: os.stat_result) -> object:
        kind = stat.S_IFMT(found.st_mode)
        size = None if kind == stat.S_IFDIR else found.st_size
        return kind, found.st_nlink, size, stat.S_IMODE(found.st_mode)

    def fstat(self, index: int) -> object:
        return self._stat(os.fstat(self.number(index)))

    def stat(self, path: str) -> object:
        return self._stat(os.stat(self.path(path)))

    def lstat(self, path: str) -> object:
        return self._stat(os.lstat(self.path(path)))

    def list(self, path: str) -> object:
        return sorted(map(os.fsencode, os.listdir(self.path(path))))

    def readlink(self, path: str) -> object:
        return os.fsencode(os.readlink(self.path(path)))

    def mkdir(self, path: str) -> object:
        return os.mkdir(self.path(path), 0o755)

    def rmdir(self, path: str) -> object:
        return os.rmdir(self.path(path))

    def unlink(self, path: str) -> object:
        return os.unlink(self.path(path))

    def rename(self, old: str, new: str) -> object:
        return os.rename(self.path(old), self.path(new))

    def link(self, old: str, new: str) -> object:
        return os.link(self.path(old), self.path(new), follow_symlinks=False)

    def symlink(self, target: str, path: str) -> object:
        return os.symlink(target, self.path(path))


def tree(run: Callable[[Step], object], path: str = ".") -> Iterator[object]:
    """Everything below a path, as the operations show it."""
    found = run(("lstat", path))
    yield path, found
    if isinstance(found, tuple) and found[0] == stat.S_IFDIR:
        listed = run(("list", path))
        assert isinstance(listed, list)
        for name in listed:
            yield from tree(run, f"{path}/{name.decode()}")
    elif isinstance(found, tuple) and found[0] == stat.S_IFLNK:
        yield run(("readlink", path))


@pytest.fixture(scope="module")
def fast_folder() -> Iterator[Path]:
    """A folder whose file system counts links of directories as Linux's own ones do."""
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="basilisk-files-", dir=where)
    before = os.umask(0o022)
    yield Path(folder)
    os.umask(before)
    shutil.rmtree(folder)


@pytest.mark.parametrize("mount", ["/tmp", "/stable"])
@configured(600)
@example(script=[("symlink", "a/", "a"), ("open", "a", ("rw", ("c",)))])
@given(script=st.lists(steps, min_size=1, max_size=40))
def test_any_operations_do_what_linux_does(
    program: Files, fast_folder: Path, mount: str, script: list[Step]
) -> None:
    """Property: both file systems answer any operations alike and look alike afterwards; upgrades of /stable
    at any point, and one at the end, change nothing but that open files are closed."""
    program.new()
    base = fast_folder / DEEP
    base.mkdir(parents=True)
    for depth in range(1, DEEP.count("/") + 2):
        program.ask("mkdir", "/".join([mount, *DEEP.split("/")[:depth]]).encode())
    ours, theirs = Ours(program, f"{mount}/{DEEP}"), Theirs(str(base))
    try:
        for step in script:
            assert ours.run(step) == theirs.run(step), step
        expected = list(tree(theirs.run))
        assert list(tree(ours.run)) == expected
        if mount == "/stable":
            program.upgrade()
            assert list(tree(ours.run)) == expected
        else:
            for index in reversed(range(len(ours.open_files))):
                ours.close(index)
    finally:
        for number in theirs.open_files:
            os.close(number)
        shutil.rmtree(fast_folder / DEEP[0])
