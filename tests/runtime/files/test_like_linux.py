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
# The owner keeps all rights: here nothing is ever forbidden, and the tests need not be root's.
modes = st.one_of(st.sampled_from([0o777, 0o700, 0o1755, 0o751]), st.integers(0o700, 0o777))
masks = st.one_of(st.sampled_from([0, 0o022, 0o077]), st.integers(0, 0o077))
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
    st.tuples(st.just("open"), paths, ways, modes),
    st.tuples(st.just("open"), names, st.just(("rw", ("c",))), modes),
    st.tuples(st.sampled_from(["rmdir", "unlink", "stat", "lstat", "readlink", "list"]), paths),
    st.tuples(st.just("mkdir"), paths, modes),
    st.tuples(st.sampled_from(["mkdir", "mkdir"]), names, modes),
    st.tuples(st.just("unlink"), names),
    st.tuples(st.just("umask"), masks),
    st.tuples(st.sampled_from(["rename", "rename", "link"]), paths, paths),
    st.tuples(st.just("symlink"), targets, paths),
    st.tuples(st.sampled_from(["close", "fstat", "dup"]), opened),
    st.tuples(st.just("read"), opened, offsets),
    st.tuples(st.just("pread"), opened, offsets, offsets),
    st.tuples(st.just("write"), opened, contents),
    st.tuples(st.just("pwrite"), opened, contents, offsets),
    st.tuples(st.just("seek"), opened, st.integers(-5, 9000), st.integers(0, 2)),
    st.tuples(st.just("truncate"), opened, offsets),
    st.tuples(st.just("renumber"), opened, opened),
    st.tuples(st.just("times"), paths, times, times),
    st.tuples(st.just("chmod"), paths, modes),
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

    def open(self, path: str, way: tuple[str, tuple[str, ...]], mode: int) -> object:
        number = self.files.number("open", self.path(path), way[0] + "".join(way[1]), mode)
        return self.opened(number)

    def dup(self, index: int) -> object:
        return self.opened(self.files.number("dup", self.number(index)))

    def opened(self, number: int) -> object:
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

    def umask(self, mask: int) -> object:
        return self.files.number("umask", mask)

    def upgrade(self, _: str) -> object:
        """What is open is closed, in /stable by an upgrade, after which everything is found anew and the
        mask is as at first."""
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

    def mkdir(self, path: str, mode: int) -> object:
        return self.files.ask("mkdir", self.path(path), mode) or None

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
    """The same operations on this machine's file system; ``resets``: whether an upgrade resets the mask."""

    def __init__(self, base: str, resets: bool) -> None:
        self.base = base
        self.resets = resets
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

    def open(self, path: str, way: tuple[str, tuple[str, ...]], mode: int) -> object:
        flags = FLAGS[way[0]]
        for letter in way[1]:
            flags |= FLAGS[letter]
        self.open_files.append(os.open(self.path(path), flags, mode))
        return len(self.open_files)

    def dup(self, index: int) -> object:
        self.open_files.append(os.dup(self.number(index)))
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

    def umask(self, mask: int) -> object:
        return os.umask(mask)

    def upgrade(self, _: str) -> object:
        if self.resets:
            os.umask(0o022)
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

    def mkdir(self, path: str, mode: int) -> object:
        return os.mkdir(self.path(path), mode)

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
@example(script=[("symlink", "a/", "a"), ("open", "a", ("rw", ("c",)), 0o777)])
@given(script=st.lists(steps, min_size=1, max_size=40))
def test_any_operations_do_what_linux_does(
    program: Files, fast_folder: Path, mount: str, script: list[Step]
) -> None:
    """Property: both file systems answer any operations alike and look alike afterwards; upgrades of /stable
    at any point, and one at the end, change nothing but that open files are closed and the mask is reset."""
    program.new()
    os.umask(0o022)
    base = fast_folder / DEEP
    base.mkdir(parents=True)
    for depth in range(1, DEEP.count("/") + 2):
        program.ask("mkdir", "/".join([mount, *DEEP.split("/")[:depth]]).encode())
    ours, theirs = Ours(program, f"{mount}/{DEEP}"), Theirs(str(base), mount == "/stable")
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


made = st.tuples(st.sampled_from(["file", "folder"]), st.integers(0, 0o177777))


@pytest.mark.parametrize("mount", ["/tmp", "/stable"])
@configured(200)
@example(above=0o2755, mask=0, things=[("folder", 0o777), ("file", 0o6711), ("folder", 0o7777)])
@given(
    above=st.sampled_from([0o755, 0o2755, 0o3777, 0o1700]),
    mask=st.integers(0, 0o7777),
    things=st.lists(made, min_size=1, max_size=8),
)
def test_permissions_of_what_is_made_are_those_of_linux(
    program: Files, fast_folder: Path, mount: str, above: int, mask: int, things: list[tuple[str, int]]
) -> None:
    """Property: whatever permissions are asked for, under whatever mask, in a folder of whatever permissions,
    both file systems give the same; what exists keeps its own."""
    program.new()
    base = fast_folder / "made"
    ours: list[int] = []
    theirs: list[int] = []
    os.mkdir(base)
    os.chmod(base, above)
    program.ask("mkdir", f"{mount}/made".encode())
    program.ask("chmod", f"{mount}/made".encode(), above)
    before = program.number("umask", mask)
    os.umask(mask)
    try:
        assert before == 0o022
        assert program.number("umask", mask) == os.umask(mask)
        for index, (kind, mode) in enumerate(things):
            here, there = f"{mount}/made/{index}".encode(), base / str(index)
            if kind == "folder":
                program.ask("mkdir", here, mode)
                os.mkdir(there, mode)
            else:
                program.ask("close", program.number("open", here, "wc", mode))
                os.close(os.open(there, os.O_WRONLY | os.O_CREAT, mode))
            if mount == "/stable":
                program.upgrade()
                program.ask("umask", mask)
            ours.append(program.stat("lstat", here).mode)
            theirs.append(stat.S_IMODE(os.lstat(there).st_mode))
        assert ours == theirs
        program.ask("umask", 0)
        for index, (kind, _) in enumerate(things):
            if kind == "file":
                here = f"{mount}/made/{index}".encode()
                program.ask("close", program.number("open", here, "rwct", 0o777))
                assert program.stat("lstat", here).mode == theirs[index]
    finally:
        os.umask(before)
        os.chmod(base, 0o700)
        shutil.rmtree(base)


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_streams_and_the_root_have_second_numbers(program: Files, first: int) -> None:
    """A duplicate of what is open from the start gets the lowest free number, and gives it back."""
    program.new()
    assert [program.number("dup", first) for _ in range(3)] == [4, 5, 6]
    program.ask("close", 5)
    assert program.number("dup", 6) == 5
    if first == 3:
        assert program.stat("fstat", 5) == program.stat("stat", b"/")
    else:
        with pytest.raises(FileFault):
            program.ask("read", 5, 1)
    for number in (4, 5, 6):
        program.ask("close", number)
        with pytest.raises(FileFault):
            program.ask("dup", number)
    assert program.number("open", b"/tmp/x", "rwc") == 4


def test_numbers_end_at_their_limit_and_come_back(program: Files) -> None:
    """1,024 numbers, of one file or of many; a file that lost its name lives as long as one of them."""
    program.new()
    number = program.number("open", b"/tmp/x", "rwc")
    program.ask("write", number, b"kept")
    program.ask("unlink", b"/tmp/x")
    free = int(program.ask("space", 1)[1])
    copies = [number, *(program.number("dup", number) for _ in range(1023))]
    for words in (("dup", number), ("open", b"/tmp/y", "rwc")):
        with pytest.raises(FileFault) as fault:
            program.ask(*words)
        assert fault.value.number == 33
    for copy in copies[:-1]:
        program.ask("close", copy)
    assert program.data("pread", copies[-1], 9, 0) == b"kept"
    assert int(program.ask("space", 1)[1]) == free
    program.ask("close", copies[-1])
    assert int(program.ask("space", 1)[1]) > free
