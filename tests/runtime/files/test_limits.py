"""The limits that docs/files.md states, at their boundaries, and what happens where they are met."""

from __future__ import annotations

from dataclasses import replace as changed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.errors import CallRejected
from basilisk.replica.limits import Limits
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

from .examples import configured
from .programs import PROGRAM, source

both = pytest.mark.parametrize("base", ["/tmp", "/stable"])

#: Pages of 64 KiB of the memory manager and of one of its buckets.
MANAGER, BUCKET = 1, 128


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("program") / "main.py"
    path.write_text(PROGRAM, "utf-8")
    return str(path)


@pytest.fixture
def canister(program: str, artefact: Found, replica: LocalReplica) -> Canister:
    return replica.deploy(program)


@both
def test_names_paths_links_and_depth(canister: Canister, base: str) -> None:
    """Names of 255 bytes, paths of 4,095, 40 symbolic links, folders as deep as a path is long."""
    code = """
    import errno, os
    def error(work, *arguments):
        try:
            work(*arguments)
        except OSError as error:
            return errno.errorcode[error.errno]
    os.mkdir("BASE/" + "n" * 255)
    os.symlink("x" * 4095, "BASE/link")
    assert len(os.readlink("BASE/link")) == 4095
    results = [
        error(os.mkdir, "BASE/" + "n" * 256),
        error(os.mkdir, "BASE/" + "é" * 128),
        error(os.symlink, "x" * 4096, "BASE/longer"),
    ]
    path = "BASE" + "/." * 2046
    assert len(path[:4095]) == 4095 and os.path.isdir(path[:4095])
    results += [error(os.stat, path + "/./.")]
    for number in range(41):
        os.symlink(f"l{number - 1}" if number else "target", f"BASE/l{number}")
    open("BASE/target", "w").close()
    assert error(os.stat, "BASE/l39") is None
    results += [error(os.stat, "BASE/l40")]
    folder, path = os.open("BASE", os.O_RDONLY), "BASE"
    while len(path) + 2 <= 4095:
        os.mkdir("d", dir_fd=folder)
        path += "/d"
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    assert os.path.isdir(path) and os.stat(path).st_ino == os.fstat(folder).st_ino
    results += [error(os.mkdir, path + "/dd")]
    # Beyond that with a folder that is open.
    os.mkdir("d", dir_fd=folder)
    assert os.stat("d", dir_fd=folder).st_nlink == 2
    os.close(folder)
    r = results
    """
    expected = ["ENAMETOOLONG"] * 4 + ["ELOOP", "ENAMETOOLONG"]
    assert canister.run(source(code, base)) == repr(expected)


@both
def test_size_of_a_file(canister: Canister, base: str) -> None:
    """1 TiB with holes; holes take no space and are read as zeros, beyond 2 and 4 GiB too."""
    code = """
    import errno, os
    open("BASE/first", "w").close()
    before = os.statvfs("BASE").f_bfree
    with open("BASE/sparse", "w+b") as file:
        for place in (5, (1 << 31) - 2, (1 << 32) - 2, (1 << 40) - 4):
            file.seek(place)
            file.write(b"1234")
        for place in (5, (1 << 31) - 2, (1 << 32) - 2, (1 << 40) - 4):
            file.seek(place - 2)
            assert file.read(6) == b"\\0\\x001234"
        assert file.read(1) == b"" and os.path.getsize("BASE/sparse") == 1 << 40
    assert before - os.statvfs("BASE").f_bfree < 100
    r = []
    with open("BASE/sparse", "r+b", buffering=0) as file:
        for wrong in (lambda: file.truncate((1 << 40) + 1), lambda: file.seek(1 << 40) and file.write(b"x")):
            try:
                wrong()
            except OSError as error:
                r.append(errno.errorcode[error.errno])
        file.seek((1 << 40) - 2)
        r.append(file.write(b"1234"))
        file.truncate(10)
    r.append(os.stat("BASE/sparse").st_size)
    """
    assert canister.run(source(code, base)) == "['EFBIG', 'EFBIG', 2, 10]"


@both
def test_many_files(canister: Canister, base: str) -> None:
    """Nothing but space bounds the number of files: a few thousand in a folder are found one by one."""
    code = """
    import os
    os.mkdir("BASE/many")
    for number in range(3000):
        os.close(os.open(f"BASE/many/{number:05}", os.O_CREAT | os.O_WRONLY))
    assert os.listdir("BASE/many") == [f"{number:05}" for number in range(3000)]
    for number in range(0, 3000, 2):
        os.unlink(f"BASE/many/{number:05}")
    r = len(os.listdir("BASE/many")), os.path.exists("BASE/many/01501"), os.path.exists("BASE/many/01502")
    """
    assert canister.run(source(code, base)) == "(1500, True, False)"


def test_stable_memory_ends(program: str, artefact: Found) -> None:
    """Where stable memory cannot grow writing ends with ENOSPC: what was written is there, also after an
    upgrade, and what is removed makes room."""
    replica = LocalReplica(limits=changed(Limits(), stable_pages=MANAGER + 2 * BUCKET))
    canister = replica.deploy(program)
    code = """
    import errno, os
    r = written = 0
    with open("/stable/f", "wb", buffering=0) as file:
        try:
            while True:
                written += file.write(b"x" * 1_000_000)
        except OSError as error:
            r = errno.errorcode[error.errno], written, os.path.getsize("/stable/f")
    """
    # The directory and the blocks have a bucket each.
    room = (BUCKET * 65_536) - 4096
    assert canister.run(source(code)) == repr(("ENOSPC", room, room))
    assert canister.fail("open('/stable/g', 'wb', buffering=0).write(b'x')") == (
        "OSError: [Errno 51] No space left on device"
    )
    canister.upgrade()
    assert canister.look("r = open('/stable/f', 'rb').read() == b'x' * 8_384_512") == "True"
    canister.run("import os; os.truncate('/stable/f', 5000); open('/stable/g', 'w').write('y' * 8_000_000)")
    assert canister.look("import os; r = os.listdir('/stable'), os.stat('/stable/g').st_size") == (
        "(['f', 'g'], 8000000)"
    )


WRITE = """
import os, sqlite3
with open("/stable/a", "r+b", buffering=0) as file:
    for number in range(40):
        file.seek(number * 3000)
        file.write(b"new" * 2000)
os.rename("/stable/a", "/stable/b")
for number in range(30):
    with open(f"/stable/n{number}", "w") as file:
        file.write("x" * 5000)
with sqlite3.connect("/stable/data") as base:
    for number in range(200):
        base.execute("insert into t values (?, ?)", (number, "x" * 100))
base.close()
for number in range(30):
    os.unlink(f"/stable/n{number}")
os.rename("/stable/b", "/stable/a")
"""
STATE = """
import os, sqlite3, zlib
base = sqlite3.connect("/stable/data")
r = (
    [(name, os.stat("/stable/" + name).st_size) for name in os.listdir("/stable")],
    zlib.crc32(open("/stable/a", "rb").read()), base.execute("select count(*) from t").fetchone(),
    base.execute("pragma integrity_check").fetchone(), os.statvfs("/stable").f_bfree,
)
base.close()
"""


def test_a_trap_at_any_instruction_takes_everything_back(program: str, artefact: Found) -> None:
    """Property: a message that is cut off at its instructions, wherever that is, leaves the files, a database
    and the free space as they were; the canister goes on, also after an upgrade."""
    replica = LocalReplica()
    canister = replica.deploy(program)
    begin = """
    import sqlite3
    with open("/stable/a", "wb") as file:
        file.write(b"old" * 30_000)
    with sqlite3.connect("/stable/data") as base:
        base.execute("create table t (a, b)")
    base.close()
    """
    canister.run(source(begin))
    before = canister.look(STATE)
    checkpoint = replica.checkpoint()
    canister.run(WRITE)
    total = canister.last.instructions
    after = canister.look(STATE)
    replica.restore(checkpoint)

    @configured(25)
    @given(st.floats(0.02, 0.95))
    def holds(share: float) -> None:
        standard = replica.limits
        replica.limits = changed(standard, update_instructions=int(total * share))
        try:
            with pytest.raises(CallRejected, match="instruction"):
                canister.run(WRITE)
        finally:
            replica.limits = standard
        assert canister.look(STATE) == before

    holds()
    canister.upgrade()
    assert canister.look(STATE) == before
    canister.run(WRITE)
    assert canister.look(STATE) == after != before


def test_damage_is_an_error_of_python(program: str, artefact: Found, replica: LocalReplica) -> None:
    """Property: whatever bytes of /stable are changed, reading and writing there ends, well or with an
    OSError; files in the heap and the rest of the canister are not concerned."""
    canister = replica.deploy(program)
    code = """
    import os
    os.mkdir("/stable/d")
    for number in range(40):
        with open(f"/stable/d/{number}", "w") as file:
            file.write("x" * 200 * number)
    os.unlink("/stable/d/7")
    """
    canister.run(source(code))
    use = """
    import os
    r = set()
    for root, folders, names in os.walk("/stable", onerror=lambda error: r.add(type(error).__name__)):
        for name in names[:50]:
            for work in (
                lambda path: open(path, "rb").read(1 << 20), lambda path: open(path, "ab").write(b"y" * 5000),
                lambda path: os.rename(path, path + "-"), lambda path: os.unlink(path + "-"), os.stat,
            ):
                try:
                    work(os.path.join(root, name))
                except OSError as error:
                    r.add(type(error).__name__)
    try:
        open("/stable/new", "w").write("x" * 20_000)
    except OSError as error:
        r.add(str(error))
    open("/tmp/new", "w").write("fine")
    r = sorted(r), open("/tmp/new").read()
    """
    memory = replica._find(canister.canister_id).stable
    content = canister.stable_memory()
    starts = content.index(b"BTR\2"), content.index(b"BFS\1")
    sound = {number: bytes(memory.page(number)) for number in memory.written()}
    damaged = set()

    @configured(15)
    @given(
        st.lists(
            st.tuples(st.integers(0, 1), st.integers(0, 9000), st.binary(min_size=1, max_size=8)),
            min_size=1,
            max_size=20,
        )
    )
    def holds(flips: list[tuple[int, int, bytes]]) -> None:
        pages = {number: bytearray(page) for number, page in sound.items()}
        for which, offset, data in flips:
            for place, byte in enumerate(data, starts[which] + (offset if which == 0 else offset % 24)):
                pages[place // 4096][place % 4096] = byte
        memory.absorb(memory.pages, pages)
        canister.upgrade()
        answer = canister.look(source(use))
        assert answer.endswith("], 'fine')")
        damaged.add(answer)

    holds()
    assert any("Error" in answer or "Errno" in answer for answer in damaged)
    memory.absorb(memory.pages, {number: bytearray(page) for number, page in sound.items()})
    canister.upgrade()
    assert canister.look("r = open('/stable/d/39').read() == 'x' * 7800") == "True"


def test_damage_is_named_in_the_log(program: str, artefact: Found, replica: LocalReplica) -> None:
    """An EIO is explained in the canister's log."""
    canister = replica.deploy(program)
    canister.run("open('/stable/f', 'w').write('x')")
    memory = replica._find(canister.canister_id).stable
    place = canister.stable_memory().index(b"BTN\2")
    page = bytearray(memory.page(place // 4096))
    page[place % 4096] = 0
    memory.absorb(memory.pages, {place // 4096: page})
    canister.upgrade()
    assert canister.fail("open('/stable/f')").startswith("OSError: [Errno 29]")
    assert any("/stable cannot be used" in line for line in canister.logs)
