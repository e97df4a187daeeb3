"""The volume in stable memory, as a program of this machine: earlier versions, want of space, damage."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from .examples import configured
from .native import FileFault, Files
from .old_volume import content, load

#: The errors that an operation on a damaged volume may end in beside those of a sound one.
EIO, ENODEV, ENOSPC = 29, 43, 51

#: Bytes of a block of files, of the memory's page, and what an upgrade or a change of the tree needs besides.
BLOCK, PAGE = 4096, 65_536


def attempt(files: Files, *words: int | str | bytes) -> int | list[str]:
    """The answer, or the number of the error."""
    try:
        return files.ask(*words)
    except FileFault as fault:
        return fault.number


def free(files: Files) -> int:
    return int(files.ask("space", 3)[1])


def remove_all(files: Files, path: bytes) -> None:
    """Removes everything below a folder."""
    for name in files.names(path):
        below = path + b"/" + name
        if files.stat("lstat", below).kind == 3:
            remove_all(files, below)
            files.ask("rmdir", below)
        else:
            files.ask("unlink", below)


# ---- earlier versions ------------------------------------------------------------------------------


def test_a_volume_of_an_earlier_version_is_read_and_changed(program: Files) -> None:
    """What an earlier version wrote is all there, can be changed, and comes away without a rest."""
    expected = load(program)
    assert list(content(program)) == expected
    program.upgrade()
    assert list(content(program)) == expected, "nothing was changed by reading"

    program.ask("world", 3_000, "thawed")
    number = program.number("open", b"/stable/left", "rwa")
    for _ in range(300):
        program.ask("write", number, b"more" * 100)
    program.ask("close", number)
    program.ask("mkdir", b"/stable/new")
    program.ask("rename", b"/stable/d/7", b"/stable/new/x")
    for index in range(49):
        program.ask("close", program.number("open", b"/stable/new/%d" % index, "rwc"))
    program.upgrade()
    left = program.number("open", b"/stable/left", "r")
    assert program.data("read", left, 1 << 20) == b"l" * 60_000 + b"more" * 30_000
    program.ask("close", left)
    assert len(program.names(b"/stable/new")) == 50
    remove_all(program, b"/stable")
    # All but the header's block.
    total, unused, _ = program.ask("space", 3)
    assert int(total) - int(unused) == BLOCK


# ---- want of space ---------------------------------------------------------------------------------

names = st.sampled_from([b"a", b"b", b"d/a", b"d/b", b"d"])
sizes = st.one_of(st.integers(1, 200), st.integers(1, 300_000))
space_steps = st.one_of(
    st.tuples(st.just("write"), names, sizes),
    st.tuples(st.just("write"), names, sizes),
    st.tuples(st.just("append"), names, sizes),
    st.tuples(st.just("append"), names, sizes),
    st.tuples(st.just("many"), names, st.integers(1, 60)),
    st.tuples(st.just("truncate"), names, sizes),
    st.tuples(st.just("unlink"), names, st.just(0)),
    st.tuples(st.just("mkdir"), names, st.just(0)),
    st.tuples(st.just("symlink"), names, st.integers(1, 4000)),
    st.tuples(st.just("upgrade"), st.just(b""), st.just(0)),
)


class Full:
    """A volume in little space, and what must be in it."""

    def __init__(self, files: Files, base: bytes, pages: int, heap: int) -> None:
        self.files = files
        self.base = base
        self.limits = (pages, heap)
        self.data: dict[bytes, bytes] = {}
        self.links: dict[bytes, bytes] = {}
        self.folders: set[bytes] = set()
        self.full = 0
        files.new(*self.limits)

    def path(self, name: bytes) -> bytes:
        return self.base + b"/" + name

    def space(self, *words: int | str | bytes) -> list[str] | None:
        """The answer; none if there was no space."""
        try:
            return self.files.ask(*words)
        except FileFault as fault:
            if fault.number != ENOSPC:
                raise
            self.full += 1
            return None

    def put(self, name: bytes, flags: str, data: bytes, offset: int | None = None) -> None:
        """Opens, writes until nothing more goes, closes; and notes what was written."""
        if (
            name in self.folders
            or name in self.links
            or (name.startswith(b"d/") and b"d" not in self.folders)
        ):
            return
        opened = self.space("open", self.path(name), flags)
        if opened is None:
            return
        number = int(opened[0])
        before = b"" if "t" in flags else self.data.get(name, b"")
        start = len(before) if offset is None else offset
        while data:
            where = () if offset is None else (start,)
            length = self.space("write" if offset is None else "pwrite", number, data, *where)
            if length is None:
                break
            done = int(length[0])
            assert 0 < done <= len(data)
            before = before[:start].ljust(start, b"\0") + data[:done] + before[start + done :]
            data, start = data[done:], start + done
        self.data[name] = before
        self.files.ask("close", number)

    def write(self, name: bytes, size: int) -> None:
        self.put(name, "rwct", name[-1:] * size)

    def append(self, name: bytes, size: int) -> None:
        self.put(name, "rwca", b"+" * size)

    def many(self, name: bytes, count: int) -> None:
        for index in range(count):
            self.put(name, "rwca", b"%d" % index * 300)

    def truncate(self, name: bytes, size: int) -> None:
        if name not in self.data:
            return
        number = self.files.number("open", self.path(name), "rw")
        if self.space("truncate", number, size) is not None:
            self.data[name] = self.data[name][:size].ljust(size, b"\0")
        self.files.ask("close", number)

    def unlink(self, name: bytes, _: int) -> None:
        for kind in (self.data, self.links):
            if kind.pop(name, None) is not None:
                self.files.ask("unlink", self.path(name))

    def mkdir(self, name: bytes, _: int) -> None:
        if name == b"d" and name not in {*self.data, *self.links, *self.folders}:
            if self.space("mkdir", self.path(name)) is not None:
                self.folders.add(name)

    def symlink(self, name: bytes, size: int) -> None:
        taken = name in {*self.data, *self.links, *self.folders}
        if not taken and (b"/" not in name or b"d" in self.folders):
            if self.space("symlink", b"t" * size, self.path(name)) is not None:
                self.links[name] = b"t" * size

    def upgrade(self, name: bytes, _: int) -> None:
        if self.base == b"/stable":
            self.files.upgrade(*self.limits)

    def check(self) -> None:
        """Everything that was written is there, and nothing else."""
        listed = {b"": self.files.names(self.base)}
        if b"d" in self.folders:
            listed[b"d/"] = self.files.names(self.path(b"d"))
        found = {folder + name for folder, names in listed.items() for name in names}
        assert found == {*self.data, *self.links, *self.folders}
        for name, target in self.links.items():
            assert self.files.data("readlink", self.path(name)) == target
        for name, data in self.data.items():
            number = self.files.number("open", self.path(name), "r")
            assert self.files.data("read", number, 1 << 22) == data, name
            self.files.ask("close", number)


@pytest.mark.parametrize(("base", "pages", "heap"), [(b"/stable", 12, 1 << 30), (b"/tmp", 1 << 30, 600_000)])
@configured(120)
@example(script=[("write", b"a", 300_000), ("append", b"b", 300_000), ("append", b"a", 300_000)])
@given(script=st.lists(space_steps, min_size=5, max_size=40))
def test_nothing_is_lost_where_space_ends(
    program: Files, base: bytes, pages: int, heap: int, script: list[tuple[str, bytes, int]]
) -> None:
    """Property: in little space any operations either happen or fail with ENOSPC; all that was written is
    there; removals always work; when all is removed, as much can be written as into a new volume."""
    full = Full(program, base, pages, heap)
    full.write(b"a", 1)
    full.unlink(b"a", 0)
    device = 3 if base == b"/stable" else 1
    at_first = program.ask("space", device)
    for name, *arguments in script:
        getattr(full, name)(*arguments)
    full.check()
    full.upgrade(b"", 0)
    full.check()
    remove_all(program, base)
    assert program.ask("space", device) == at_first


def test_space_comes_back_many_times(program: Files) -> None:
    """Filled and emptied twenty times: the same number of files and bytes goes in each time."""
    counts = set()
    program.new(16)
    for round in range(20):
        names = 0
        while True:
            path = b"/stable/%d" % names
            opened = attempt(program, "open", path, "rwc")
            if isinstance(opened, int):
                assert opened == ENOSPC
                break
            names += 1
            number = int(opened[0])
            wrote = attempt(program, "write", number, b"x" * 5000)
            program.ask("close", number)
            if wrote == ENOSPC:
                break
        assert names > 50
        for name in program.names(b"/stable"):
            program.ask("unlink", b"/stable/" + name)
        counts.add(names)
        if round % 5 == 4:
            program.upgrade(16)
    assert len(counts) == 1


def test_a_growing_file_takes_no_more_than_its_share(program: Files) -> None:
    """What is kept ahead of a file's end is at most half of what it has, at most 1 MiB, and may be taken when
    space is short."""
    program.new()
    number = program.number("open", b"/stable/f", "rwc")
    before = free(program)
    for step in range(400):
        program.ask("write", number, b"x" * 3000)
        used, needed = before - free(program), -(-(step + 1) * 3000 // BLOCK) * BLOCK
        assert needed <= used <= needed + max(needed // 2, BLOCK)
    program.ask("write", number, b"x" * (40 << 20))
    for _ in range(100):
        program.ask("write", number, b"x" * 3000)
    assert before - free(program) <= (42 << 20) + (1 << 20)
    program.ask("truncate", number, 10)
    assert before - free(program) == BLOCK

    program.new(20)
    number = program.number("open", b"/stable/f", "rwc")
    written = 0
    while isinstance(length := attempt(program, "write", number, b"x" * 1000), list):
        written += int(length[0])
    assert written == 20 * PAGE - BLOCK, "every block of the memory holds bytes of the file in the end"


# ---- damage ----------------------------------------------------------------------------------------

flips = st.lists(
    st.tuples(
        st.sampled_from(["tree", "tree", "tree", "blocks"]),
        st.one_of(st.integers(0, 200), st.integers(0, 1 << 16), st.floats(0, 1)),
        st.one_of(
            st.binary(min_size=1, max_size=9),
            st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\1" + b"\0" * 7, b"\xff", b"\0" * 64]),
            st.integers(0, 1 << 14).map(lambda number: number.to_bytes(8, "little")),
            st.integers(0, 40).map(lambda chunk: (100 + chunk * 1040 + 16).to_bytes(8, "little")),
        ),
    ),
    min_size=1,
    max_size=6,
)
damages = st.one_of(
    flips, flips, flips, st.tuples(st.sampled_from(["tree", "blocks"]), st.integers(0, 200_000))
)
paths = st.sampled_from(
    [b"/stable/" + name for name in (b"d", b"d/e", b"small", b"d/large", b"d/7", b"left", b"right", b"d/new")]
    + [
        b"/stable/d/sparse",
        b"/stable/d/soft",
        b"/stable/new",
        b"/stable/d/hard",
        b"/stable/d/e/" + b"a" * 255,
    ]
)
uses = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["list", "stat", "unlink", "rmdir", "mkdir", "readlink"]), paths),
        st.tuples(st.sampled_from(["rename", "link"]), paths, paths),
        st.tuples(st.sampled_from(["fill", "read", "cut", "extend"]), paths),
    ),
    min_size=1,
    max_size=40,
)


def use(files: Files, name: str, *rest: bytes) -> int | list[str]:
    """One operation; those on bytes open and close the file."""
    if name in ("list", "stat", "unlink", "rmdir", "mkdir", "readlink", "rename", "link"):
        return attempt(files, name, *rest)
    opened = attempt(files, "open", rest[0], "r" if name == "read" else "rwc")
    if isinstance(opened, int):
        return opened
    number = int(opened[0])
    words: dict[str, list[int | str | bytes]] = {
        "read": ["read", number, 500_000],
        "fill": ["pwrite", number, b"f" * 70_000, 5000],
        "cut": ["truncate", number, 5000],
        "extend": ["pwrite", number, b"e", 1 << 30],
    }
    answer = attempt(files, *words[name])
    closed = attempt(files, "close", number)
    return closed if isinstance(closed, int) else answer


@configured(300)
@given(damage=damages, script=uses)
def test_damage_is_an_error(
    program: Files, damage: list[tuple[str, int | float, bytes]] | tuple[str, int], script: list[Any]
) -> None:
    """Property: after any damage of the memories each operation ends, well or with an error number; nothing
    panics, hangs or reaches beyond the memories, and the files in the heap are not concerned."""
    load(program)
    if isinstance(damage, tuple):
        program.ask("cut", *damage)
    else:
        sizes = dict(zip(("tree", "blocks"), map(int, program.ask("sizes")), strict=True))
        for memory, place, data in damage:
            at = int(place * sizes[memory]) if isinstance(place, float) else place
            program.ask("damage", memory, min(at, sizes[memory] - len(data)), data)
    for name, *rest in script:
        answer = use(program, name, *rest)
        assert isinstance(answer, list) or 0 < answer < 77
    attempt(program, "space", 3)
    program.ask("mkdir", b"/tmp/still")
    assert program.names(b"/tmp") == [b"still"]


@pytest.mark.parametrize(
    ("memory", "offset", "data", "number"),
    [
        ("blocks", 0, b"XYZ", ENODEV),
        ("blocks", 3, b"\2", ENODEV),
        ("blocks", 8, b"\0" * 8, EIO),
        ("blocks", 16, b"\xff" * 8, EIO),
        ("tree", 0, b"XYZ", ENODEV),
        ("tree", 4, b"\xff\xff\xff\x7f", EIO),
        ("tree", 12, b"\xff" * 8, EIO),
        ("tree", 68, b"\xff" * 7, EIO),
    ],
)
def test_a_damaged_header_is_named(
    program: Files, memory: str, offset: int, data: bytes, number: int
) -> None:
    """A header that is none, or of a later version, or that contradicts the memory: ENODEV or EIO."""
    load(program)
    program.ask("damage", memory, offset, data)
    for _ in range(2):
        assert attempt(program, "stat", b"/stable/small") == number
        assert attempt(program, "open", b"/stable/new", "rwc") == number
    assert program.names(b"/") == [b"app", b"stable", b"tmp"]
