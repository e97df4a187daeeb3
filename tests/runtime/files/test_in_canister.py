"""Files in a canister: the standard library on them, what is packed, what upgrades keep, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from basilisk.errors import CallRejected, ProgramError, UsageError
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

from .programs import PACKED_PROGRAM, source


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    (folder / "main.py").write_text(PACKED_PROGRAM, "utf-8")
    (folder / "pyproject.toml").write_text(
        '[tool.basilisk]\ninclude = ["data/*.json", "words.txt", "deep"]\n', "utf-8"
    )
    (folder / "data").mkdir()
    (folder / "data" / "numbers.json").write_text("[1, 2, 3]", "utf-8")
    (folder / "data" / "left_out.txt").write_text("not packed", "utf-8")
    (folder / "words.txt").write_text("grüße aus dem Kanister", "utf-8")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "large.bin").write_bytes(bytes(range(256)) * 1000)
    return folder


@pytest.fixture
def canister(folder: Path, artefact: Found, replica: LocalReplica) -> Iterator[Canister]:
    yield replica.deploy(folder)


def test_packed_files(canister: Canister) -> None:
    """Open at build time and in methods, by relative paths, by __file__ and by /app; never writable."""
    assert canister.run("r = AT_BUILD, WORDS") == "([1, 2, 3], ['grüße', 'aus', 'dem', 'Kanister'])"
    code = """
    import os, json, glob
    from pathlib import Path
    r = (os.getcwd(), json.load(open("data/numbers.json")), glob.glob("**/*.*", recursive=True),
         (HERE / "deep/er/large.bin").stat().st_size, os.listdir("/app"),
         Path("/app/deep/er/large.bin").read_bytes() == bytes(range(256)) * 1000,
         Path("words.txt").resolve(), os.stat("words.txt").st_mtime)
    """
    assert (
        canister.run(source(code))
        == repr(
            (
                "/app",
                [1, 2, 3],
                ["words.txt", "data/numbers.json", "deep/er/large.bin"],
                256_000,
                ["data", "deep", "words.txt"],
                True,
            )
        )[:-1]
        + ", PosixPath('/app/words.txt'), 0.0)"
    )
    for attempt in (
        "open('words.txt', 'a')",
        "open('/app/new', 'w')",
        "import os; os.unlink('words.txt')",
        "import os; os.mkdir('new')",
        "import os; os.rename('words.txt', 'sentences.txt')",
        "import os; os.utime('words.txt')",
        "import os; os.truncate('words.txt', 0)",
        "import shutil; shutil.copy('/app/words.txt', '/app/copy')",
    ):
        assert "Read-only file system" in canister.fail(attempt), attempt
    for attempt in ("import shutil; shutil.rmtree('/app')", "import os; os.rmdir('/app')"):
        assert "OSError" in canister.fail(attempt), attempt
    assert canister.run("r = open('words.txt', encoding='utf-8').read()") == "'grüße aus dem Kanister'"


@pytest.mark.parametrize("base", ["/tmp", "/stable"])
def test_the_standard_library_on_files(canister: Canister, base: str) -> None:
    """os, pathlib, shutil, tempfile, glob, fileinput, csv, json, zipfile, tarfile, gzip and pickle do with
    files what they do everywhere."""
    code = """
    import csv, fileinput, glob, gzip, io, json, os, pickle, shutil, stat, tarfile, tempfile, zipfile
    from pathlib import Path

    base = Path("BASE") / "work"
    base.mkdir(parents=True)
    os.chdir(base)
    try:
        Path("a.txt").write_text("one\\ntwo\\nthree\\n", encoding="utf-8")
        with open("a.txt") as file:
            assert list(file) == ["one\\n", "two\\n", "three\\n"]
        with open("a.txt", "a+") as file:
            file.write("four\\n")
            file.seek(0)
            assert file.readline() == "one\\n" and file.tell() == 4
        with open("a.txt", "r+b") as file:
            file.seek(-5, os.SEEK_END)
            file.write(b"FOUR")
            file.truncate(18)
        assert Path("a.txt").read_bytes() == b"one\\ntwo\\nthree\\nFOUR"
        try:
            open("a.txt", "x")
        except FileExistsError as error:
            assert error.filename == "a.txt"
        else:
            raise AssertionError

        with open("t.csv", "w", newline="") as file:
            csv.writer(file).writerows([["a", "b"], [1, "x,y"]])
        with open("t.csv", newline="") as file:
            assert list(csv.DictReader(file)) == [{"a": "1", "b": "x,y"}]
        with open("t.json", "w") as file:
            json.dump({"k": [1, None]}, file)
        assert json.loads(Path("t.json").read_text()) == {"k": [1, None]}
        with open("t.pickle", "wb") as file:
            pickle.dump({1: 2}, file)
        with open("t.pickle", "rb") as file:
            assert pickle.load(file) == {1: 2}
        with fileinput.input(["a.txt", "t.json"]) as lines:
            assert [line.strip() for line in lines][-1] == '{"k": [1, null]}'
        with fileinput.input(["a.txt"], inplace=True) as lines:
            for line in lines:
                print(line.strip().upper())
        assert Path("a.txt").read_text().split() == ["ONE", "TWO", "THREE", "FOUR"]

        with zipfile.ZipFile("t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write("a.txt", "inner/a.txt")
            archive.writestr("b.txt", "b" * 10_000)
        with zipfile.ZipFile("t.zip") as archive:
            assert archive.testzip() is None and archive.namelist() == ["inner/a.txt", "b.txt"]
            archive.extractall("unzipped")
        assert Path("unzipped/b.txt").read_text() == "b" * 10_000
        with tarfile.open("t.tar.gz", "w:gz") as archive:
            archive.add("unzipped")
        with tarfile.open("t.tar.gz") as archive:
            archive.extractall("untarred", filter="data")
        assert Path("untarred/unzipped/inner/a.txt").read_bytes() == Path("a.txt").read_bytes()
        with gzip.open("t.gz", "wt") as file:
            file.write("x" * 1000)
        assert gzip.open("t.gz", "rt").read() == "x" * 1000

        shutil.copytree("unzipped", "copy")
        found = sorted(glob.glob("copy/**/*", recursive=True))
        assert found == ["copy/b.txt", "copy/inner", "copy/inner/a.txt"]
        shutil.move("copy/inner", "moved")
        os.utime("moved/a.txt", ns=(1_000, 2_000))
        assert shutil.copy2("moved/a.txt", "/tmp/over.txt") == "/tmp/over.txt"
        assert os.stat("/tmp/over.txt").st_mtime_ns == 2_000
        assert shutil.move("/tmp/over.txt", "there.txt") == "there.txt"
        assert not os.path.exists("/tmp/over.txt")
        assert [(root, sorted(dirs), sorted(files)) for root, dirs, files in os.walk("copy")] == [
            ("copy", [], ["b.txt"])
        ]
        shutil.rmtree("copy")
        assert not Path("copy").exists()

        os.symlink("a.txt", "link")
        os.link("a.txt", "hard")
        assert os.readlink("link") == "a.txt" and os.path.realpath("link") == str(base / "a.txt")
        assert os.path.samefile("hard", "link") and os.stat("a.txt").st_nlink == 2
        assert stat.S_ISLNK(os.lstat("link").st_mode) and Path("link").is_file()
        assert [entry.name for entry in os.scandir() if entry.is_symlink()] == ["link"]
        os.replace("hard", "link")
        assert os.stat("link").st_nlink == 2 and not os.path.islink("link") and not os.path.exists("hard")
        os.rename("a.txt", "link")
        assert os.path.exists("a.txt"), "two names of one file: nothing happens"

        with tempfile.TemporaryDirectory(dir=".") as folder:
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(b"x")
            assert os.listdir(folder) == [os.path.basename(file.name)]
        assert not os.path.exists(folder)
        with tempfile.TemporaryFile(dir=".") as file:
            file.write(b"no name")
            file.seek(0)
            assert file.read() == b"no name"
        with tempfile.SpooledTemporaryFile(max_size=4, dir=".") as file:
            file.write(b"longer than four")
            file.seek(0)
            assert file.read() == b"longer than four"

        file = os.open("low", os.O_RDWR | os.O_CREAT | os.O_EXCL)
        assert os.write(file, b"0123456789") == 10 and os.pread(file, 3, 4) == b"456"
        assert os.pwrite(file, b"ab", 8) == 2 and os.lseek(file, 0, os.SEEK_CUR) == 10
        os.ftruncate(file, 3)
        assert os.fstat(file).st_size == 3
        os.close(file)

        names = [f"many-{number:03}" for number in range(150)]
        for name in names:
            Path(name).touch()
        assert [name for name in os.listdir() if name.startswith("many-")] == names
        r = sorted(os.listdir())[:5]
    finally:
        os.chdir("/app")
        shutil.rmtree(base)
    r.append(base.exists())
    """
    expected = ["a.txt", "link", "low", "many-000", "many-001", False]
    assert canister.run(source(code, base)) == repr(expected)


def test_upgrades_keep_what_is_below_stable(canister: Canister) -> None:
    """Files of /stable survive upgrades; /tmp is empty again, open files are closed, nameless ones gone."""
    code = """
    import builtins, os
    os.makedirs("/stable/a/b")
    with open("/stable/a/b/c", "w") as file:
        file.write("kept" * 5000)
    with open("/tmp/x", "w") as file:
        file.write("lost")
    f = builtins.f = open("/stable/open", "w")
    f.write("x" * 9000)
    f.flush()
    g = builtins.g = open("/stable/gone", "w")
    g.write("y")
    os.unlink("/stable/gone")
    """
    canister.run(source(code))
    assert canister.look("import builtins; builtins.f.write('z'); r = builtins.f.tell()") == "9001"
    assert canister.look("import builtins; r = builtins.f.tell()") == "9000", "a query leaves nothing behind"
    for _ in range(2):
        canister.upgrade()
        assert canister.look("import os; r = os.listdir('/tmp'), sorted(os.listdir('/stable'))") == (
            "([], ['a', 'open'])"
        )
        assert canister.look("r = open('/stable/a/b/c').read() == 'kept' * 5000") == "True"
        assert canister.look("import os; r = os.stat('/stable/open').st_size") == "9000"
    canister.run("import shutil, os; shutil.rmtree('/stable/a'); os.unlink('/stable/open')")
    assert canister.look("import os; r = os.listdir('/stable')") == "[]"


def test_databases_are_files(canister: Canister) -> None:
    """A database of sqlite3 in /stable is there after an upgrade; a transaction can be taken back."""
    code = """
    import sqlite3
    from contextlib import closing
    with closing(sqlite3.connect("/stable/data.db")) as base:
        base.execute("create table if not exists t (a, b)")
        with base:
            base.executemany("insert into t values (?, ?)", [(n, "x" * 100) for n in range(500)])
        base.execute("delete from t")
        base.rollback()
        r = base.execute("select count(*), sum(a) from t").fetchone()
    """
    assert canister.run(source(code)) == "(500, 124750)"
    canister.upgrade()
    assert canister.run(source(code)) == "(1000, 249500)"
    assert canister.run("import os; r = os.listdir('/stable')") == "['data.db']"


def test_a_trap_takes_files_back(canister: Canister) -> None:
    """A message that fails leaves no trace in any place that holds files."""
    canister.run("open('/stable/f', 'w').write('before'); open('/tmp/f', 'w').write('before')")
    code = """
    import os
    for base in ("/stable", "/tmp"):
        with open(base + "/f", "w") as file:
            file.write("after" * 3000)
        os.mkdir(base + "/new")
    raise ValueError("after all that")
    """
    with pytest.raises(CallRejected, match="after all that"):
        canister.run(source(code))
    code = "import os; r = [(open(b + '/f').read(), os.listdir(b)) for b in ('/stable', '/tmp')]"
    assert canister.look(code) == "[('before', ['f']), ('before', ['f'])]"


def test_nothing_is_paid_by_who_has_no_files(canister: Canister) -> None:
    """Looking at / and at an empty /stable makes no stable memory; the first file there does."""
    code = "import os; ls = os.listdir; r = ls('/'), ls('/stable'), ls('/stable/.'), ic.stable64_size()"
    assert canister.run(code) == "(['app', 'stable', 'tmp'], [], [], 0)"
    canister.run("open('/tmp/x', 'w').close()")
    assert canister.run("r = ic.stable64_size()") == "0"
    canister.run("open('/stable/x', 'w').close()")
    assert int(canister.run("r = ic.stable64_size()")) > 0


def test_stable_memory_is_used_in_one_way(canister: Canister, folder: Path, replica: LocalReplica) -> None:
    """Bytes written at addresses and files exclude each other; whoever comes second is told."""
    canister.run("open('/stable/x', 'w').close()")
    assert "keeps files in /stable" in canister.fail("ic.stable64_write(0, b'x')")
    canister.upgrade()
    assert "keeps files in /stable" in canister.fail("ic.stable_write(0, b'x')")

    other = replica.deploy(folder)
    other.run("ic.stable64_grow(1); ic.stable64_write(0, b'something')")
    assert other.fail("open('/stable/x', 'w')") == "OSError: [Errno 43] No such device: '/stable/x'"
    assert other.fail("open('/tmp/x', 'w')") == "nothing"
    assert other.run("r = ic.stable64_read(0, 9)") == "b'something'"


def test_costs_stay_in_proportion(canister: Canister) -> None:
    """Reading and writing cost a few instructions a byte, in both places; no file is copied as a whole."""
    for base in ("/tmp", "/stable"):
        canister.run(f"open('{base}/big', 'wb').write(bytes(4 << 20))")
        once = canister.count(f"with open('{base}/big', 'r+b') as f: f.write(bytes(1 << 20))")
        assert once < 8 << 20, base
        small = canister.count(f"with open('{base}/big', 'r+b') as f:\n f.seek(3 << 20); f.write(b'x')")
        assert small < 1_000_000, base
        assert canister.count(f"with open('{base}/big', 'rb') as f: f.read()") < 16 << 20, base


def test_limits_are_errors_of_python(canister: Canister) -> None:
    """Too much, too many, too long: an OSError each, and the canister lives on."""
    assert "ENOSPC" in canister.run(
        source(
            """
            import errno, os
            r = None
            block = bytes(1 << 24)
            with open("/tmp/full", "wb", 0) as file:
                try:
                    for _ in range(200):
                        file.write(block)
                except OSError as error:
                    r = errno.errorcode[error.errno], file.tell() <= 1 << 30
            os.unlink("/tmp/full")
            """
        )
    )
    assert canister.run("r = open('/tmp/small', 'w').write('fits again')") == "10"
    code = """
    import errno, os
    files = []
    try:
        while True:
            files.append(open("/tmp/small"))
    except OSError as error:
        r = errno.errorcode[error.errno], len(files)
    for file in files:
        file.close()
    """
    assert canister.run(source(code)) == "('EMFILE', 1024)"
    for code, name in [
        ("open('/tmp/' + 'x' * 256, 'w')", "OSError"),
        ("open('/tmp/' + 'x/' * 3000)", "OSError"),
        ("open('/stable/none')", "FileNotFoundError"),
        ("open('/tmp/small/x')", "NotADirectoryError"),
        ("open('/tmp', 'w')", "IsADirectoryError"),
        ("import os; os.rename('/tmp/small', '/stable/small')", "OSError"),
        ("import os; os.rmdir('/stable')", "OSError"),
        ("import os; os.close(77)", "OSError"),
        ("f = open('/tmp/small'); f.seek(-1)", "ValueError"),
        ("import os; os.lseek(open('/tmp/small').fileno(), -1, 0)", "OSError"),
        ("open('/stable/sparse', 'wb').truncate(1 << 41)", "OSError"),
        ("import os; os.close(0); os.close(1); os.close(2); os.close(3)", "OSError"),
    ]:
        assert canister.fail(code).startswith(name), code
    assert canister.run("import os; r = os.listdir('/tmp')") == "['small']"


def build_error(replica: LocalReplica, folder: Path, source: str, include: list[str]) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text("from basilisk import *\n" + source, "utf-8")
    (folder / "pyproject.toml").write_text(f"[tool.basilisk]\ninclude = {json.dumps(include)}\n", "utf-8")
    with pytest.raises((ProgramError, UsageError)) as caught:
        replica.deploy(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    "code", ["open('/etc/passwd')", "open('x.txt')", "open('/tmp/x', 'w')", "open('/stable/x')"]
)
def test_build_time_sees_packed_files_alone(
    replica: LocalReplica, artefact: Found, tmp_path: Path, code: str
) -> None:
    """All else is refused with the line and the remedy."""
    text = build_error(replica, tmp_path / "program", f"\n{code}\n", [])
    assert "main.py:3" in text and "files cannot be opened while the program is imported" in text


def test_include_that_matches_nothing(replica: LocalReplica, artefact: Found, tmp_path: Path) -> None:
    assert "'data/*.csv', but there is no such file" in build_error(
        replica, tmp_path / "program", "", ["data/*.csv"]
    )
    assert "stay below it" in build_error(replica, tmp_path / "program", "", ["../secret.txt"])


def test_data_of_packages_are_files(replica: LocalReplica, artefact: Found, tmp_path: Path) -> None:
    """What a package brings is read alike by open, importlib.resources and pkgutil, at its import too."""
    source = """
from basilisk import *
import pack


@query
def texts() -> list[text]:
    import importlib.resources, pkgutil

    return [
        pack.TEXT,
        pack.read(),
        importlib.resources.files("pack").joinpath("data.txt").read_text(),
        pkgutil.get_data("pack", "data.txt").decode(),
    ]
"""
    package = """
from pathlib import Path

TEXT = (Path(__file__).parent / "data.txt").read_text()


def read():
    with open(Path(__file__).with_name("data.txt")) as file:
        return file.read()
"""
    (tmp_path / "main.py").write_text(source, "utf-8")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text(package, "utf-8")
    (tmp_path / "pack" / "data.txt").write_text("brought along", "utf-8")
    assert replica.deploy(tmp_path / "main.py").texts() == ["brought along"] * 4
