"""What the standard library does with files, in canisters, in the heap and in stable memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from basilisk.errors import CallRejected
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

from .programs import PROGRAM, source

both = pytest.mark.parametrize("base", ["/tmp", "/stable"])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("program") / "main.py"
    path.write_text(PROGRAM, "utf-8")
    return str(path)


@pytest.fixture
def canister(program: str, artefact: Found, replica: LocalReplica) -> Iterator[Canister]:
    yield replica.deploy(program)


@both
def test_listings_are_in_the_order_of_the_bytes(canister: Canister, base: str) -> None:
    """os.listdir, os.scandir, os.walk, glob and pathlib see names in one order, whoever came first."""
    code = """
    import glob, os
    from pathlib import Path
    names = ["b", "a", "B", "10", "9", "é", "z.txt", ".hidden", "\\udcff", "aa"]
    for name in names:
        open("BASE/" + name, "w").close()
    os.makedirs("BASE/c/d")
    expected = sorted([*names, "c"], key=os.fsencode)
    assert os.listdir("BASE") == expected
    assert [entry.name for entry in os.scandir("BASE")] == expected
    assert [path.name for path in Path("BASE").iterdir()] == expected
    assert [path.name for path in Path("BASE").glob("*")] == expected
    assert glob.glob("*", root_dir="BASE") == [name for name in expected if name[0] != "."]
    files = [name for name in expected if name != "c"]
    assert list(os.walk("BASE")) == [("BASE", ["c"], files), ("BASE/c", ["d"], []), ("BASE/c/d", [], [])]
    assert [str(path) for path, _, _ in Path("BASE").walk(top_down=False)] == ["BASE/c/d", "BASE/c", "BASE"]
    assert os.listdir(b"BASE") == [os.fsencode(name) for name in expected]
    with os.scandir("BASE") as entries:
        os.unlink("BASE/" + next(entries).name)
        assert len(list(entries)) == len(expected) - 1, "a listing that was begun goes on"
    r = "well"
    """
    assert canister.run(source(code, base)) == "'well'"


@both
def test_functions_of_os(canister: Canister, base: str) -> None:
    """Permissions are kept and shown, times set, space counted."""
    code = """
    import errno, os, shutil, stat
    path = "BASE/f"
    open("BASE/first", "w").close()
    before = os.statvfs("BASE")
    with open(path, "wb") as file:
        file.write(bytes(1 << 20))
    after = os.statvfs("BASE")
    assert before.f_bfree - after.f_bfree == 256
    assert after.f_frsize == 4096 and after.f_blocks == before.f_blocks
    usage = shutil.disk_usage("BASE")
    assert usage.free == after.f_bavail * 4096 and usage.total == usage.used + usage.free
    with open(path) as file:
        assert os.fstatvfs(file.fileno()) == after
    assert os.statvfs("/app").f_flag & os.ST_RDONLY and os.statvfs("/app").f_bfree == 0
    assert not after.f_flag & os.ST_RDONLY and after.f_namemax == 255

    assert [stat.filemode(os.stat(name).st_mode) for name in (path, "BASE", "/app")] == [
        "-rw-r--r--", "drwxr-xr-x", "dr-xr-xr-x"
    ]
    os.chmod(path, 0o600)
    assert os.stat(path).st_mode == stat.S_IFREG | 0o600
    with open(path, "r+b") as file:
        os.fchmod(file.fileno(), 0o4444)
        assert os.fstat(file.fileno()).st_mode == stat.S_IFREG | 0o4444
        file.write(b"permissions forbid nothing")
    os.symlink("f", "BASE/link")
    os.chmod("BASE/link", 0o755)
    assert os.stat(path).st_mode & 0o777 == 0o755 and os.lstat("BASE/link").st_mode == stat.S_IFLNK | 0o777
    try:
        os.chmod("BASE/link", 0o700, follow_symlinks=False)
    except NotImplementedError:
        pass
    shutil.copy(path, "BASE/copy")
    assert os.stat("BASE/copy").st_mode & 0o777 == 0o755
    assert os.access(path, os.R_OK | os.W_OK) and not os.access("BASE/none", os.F_OK)

    os.utime(path, ns=(1_000_000_001, 2_000_000_002))
    shutil.copystat(path, "BASE/copy")
    found = os.stat("BASE/copy")
    assert (found.st_atime_ns, found.st_mtime_ns) == (1_000_000_001, 2_000_000_002)
    os.utime(path)
    assert os.stat(path).st_mtime_ns == os.stat(path).st_ctime_ns == ic.time()
    os.truncate(path, 3)
    file = os.open(path, os.O_RDWR | os.O_APPEND)
    os.lseek(file, 0, os.SEEK_SET)
    assert os.write(file, b"ab") == 2 and os.pread(file, 9, 0) == b"perab"
    os.fsync(file), os.fdatasync(file)
    os.close(file)
    os.replace(path, "BASE/copy")
    assert not os.path.exists(path) and os.path.getsize("BASE/copy") == 5
    assert os.path.ismount("BASE") == (len("BASE") > 4)
    folder = os.open("BASE", os.O_RDONLY | os.O_DIRECTORY)
    os.mkdir("sub", dir_fd=folder)
    os.rename("copy", "sub/moved", src_dir_fd=folder, dst_dir_fd=folder)
    assert os.stat("sub/moved", dir_fd=folder).st_size == 5
    os.close(folder)
    assert not any(hasattr(os, name) for name in ("dup2", "fchdir", "mkfifo", "mknod", "chown"))
    r = "well"
    """
    assert canister.run(source(code, base)) == "'well'"
    for module, reason in (("mmap", "read the file"), ("fcntl", "no file descriptors")):
        assert reason in canister.fail(f"import {module}")


@both
def test_permissions_of_new_files(canister: Canister, base: str) -> None:
    """What is made gets the permissions that were asked for less those of the mask, however it is made."""
    code = """
    import os, sqlite3, stat, tempfile
    from pathlib import Path
    os.chdir("BASE")
    def mode(path):
        return oct(stat.S_IMODE(os.lstat(path).st_mode))[2:]
    def fresh(how, *arguments, **named):
        made = how("x", *arguments, **named)
        if isinstance(made, int):
            os.close(made)
        elif hasattr(made, "close"):
            made.close()
        found = mode("x")
        (os.rmdir if os.path.isdir("x") else os.unlink)("x")
        return found
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
    assert fresh(open, "w") == "644" and fresh(os.open, flags) == "755"
    assert fresh(open, "w", opener=lambda path, flags: os.open(path, flags, 0o640)) == "640"
    modes = 0, 0o600, 0o4711, 0o7777
    assert [fresh(os.open, flags, mode) for mode in modes] == ["0", "600", "4711", "7755"]
    assert [fresh(os.mkdir, mode) for mode in modes] == ["0", "600", "711", "1755"]
    for how, usual in ((Path.touch, "644"), (Path.mkdir, "755")):
        assert fresh(lambda path: how(Path(path))) == usual
        assert fresh(lambda path: how(Path(path), 0o640)) == "640"
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    assert fresh(os.open, flags, 0o620, dir_fd=folder) == "600"
    assert fresh(os.mkdir, 0o770, dir_fd=folder) == "750"
    os.close(folder)
    os.makedirs("above/below", 0o700)
    assert mode("above") == "755" and mode("above/below") == "700"
    with tempfile.NamedTemporaryFile(dir=".") as file:
        assert mode(file.name) == "600"
    with tempfile.TemporaryDirectory(dir=".") as made:
        assert mode(made) == "700"
    sqlite3.connect("data").execute("create table t (a)")
    assert mode("data") == "644"
    os.symlink("x", "link")
    assert mode("link") == "777"

    assert os.umask(0o077) == 0o022
    assert (fresh(open, "w"), fresh(os.mkdir), fresh(os.open, flags, 0o4767)) == ("600", "700", "4700")
    assert os.umask(0o7777) == 0o077 and os.umask(0) == 0o777
    assert (fresh(open, "w"), fresh(os.mkdir), fresh(os.mkdir, 0o1777)) == ("666", "777", "1777")
    os.umask(0o022)

    Path("kept").touch(0o640)
    for way in ("w", "a", "r+"):
        open("kept", way).close()
    os.close(os.open("kept", os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o777))
    assert mode("kept") == "640", "what exists keeps its permissions"
    for wrong in ("none/x", "kept/x", "x" * 256):
        try:
            os.close(os.open(wrong, flags, 0o600))
        except OSError:
            pass
        assert fresh(open, "w") == "644", "permissions of a file that was not made are nobody else's"
    Path("blind").touch(0)
    Path("blind").write_text("permissions forbid nothing")
    assert os.access("blind", os.R_OK | os.W_OK) and Path("blind").read_text()
    os.chdir("/app")
    r = "well"
    """
    assert canister.run(source(code, base)) == "'well'"


def test_the_mask_is_part_of_the_heap(tmp_path: Path, artefact: Found, replica: LocalReplica) -> None:
    """Traps, queries and upgrades take back what was done to it; at first it is as the import left it."""
    look = "import os; r = os.umask(0), os.umask(0)"
    for at_import, begins in (("", 0o022), ("import os; os.umask(0o027)", 0o027)):
        (tmp_path / "main.py").write_text(PROGRAM + at_import, "utf-8")
        canister = replica.deploy(tmp_path / "main.py")
        for _ in range(2):
            assert canister.look(look) == canister.look(look) == repr((begins, 0))
            with pytest.raises(CallRejected):
                canister.run("import os; os.umask(0); 1 / 0")
            canister.run("import os; os.umask(0o077); os.mkdir('/stable/x')")
            assert canister.look(look) == repr((0o077, 0))
            canister.upgrade()
            assert canister.look("import os; r = oct(os.stat('/stable/x').st_mode)") == "'0o40700'"
            canister.run("import os; os.rmdir('/stable/x')")


@both
def test_duplicates(canister: Canister, base: str) -> None:
    """os.dup: one position, one set of flags; the file is open until the last number is closed."""
    code = """
    import errno, os
    path = "BASE/d"
    one = os.open(path, os.O_RDWR | os.O_CREAT)
    two = os.dup(one)
    with os.fdopen(two, "w+b") as file:
        os.write(one, b"abc")
        assert file.tell() == 3
        file.write(b"def")
        file.seek(1)
        assert os.read(one, 2) == b"bc"
        os.unlink(path)
    assert os.pread(one, 9, 0) == b"abcdef"
    os.close(one)
    try:
        os.dup(one)
    except OSError as error:
        assert error.errno == errno.EBADF
    folder = os.open("BASE", os.O_RDONLY | os.O_DIRECTORY)
    other = os.dup(folder)
    os.close(folder)
    os.mkdir("sub", dir_fd=other)
    os.close(other)
    assert os.path.isdir("BASE/sub")
    for stream in (0, 1, 2):
        copy = os.dup(stream)
        assert os.path.sameopenfile(copy, stream) and os.isatty(copy) == os.isatty(stream)
        os.close(copy)
    with open(os.dup(1), "w") as out:
        out.write("to the log, by a duplicate\\n")
    with open(os.dup(0)) as nothing:
        assert nothing.read() == ""
    print("the streams are as they were")
    r = "well"
    """
    assert canister.run(source(code, base)) == "'well'"
    logs = [line.strip() for line in canister.logs]
    assert logs[-2:] == ["to the log, by a duplicate", "the streams are as they were"]


@both
def test_text_files(canister: Canister, base: str) -> None:
    """Encodings, newlines, buffering, exclusive creation."""
    code = """
    import io, os
    path = "BASE/t"
    text = "grüße\\nZeile\\r\\nEnde\\r"
    for encoding in ("utf-8", "utf-16", "latin-1", "utf-8-sig"):
        with open(path, "w", encoding=encoding, newline="") as file:
            file.write(text)
        assert open(path, "rb").read().decode(encoding) == text
        assert open(path, encoding=encoding, newline="").read() == text
        assert open(path, encoding=encoding).read() == "grüße\\nZeile\\nEnde\\n"
    with open(path, "w", newline="\\r\\n") as file:
        file.write("a\\nb")
    assert open(path, "rb").read() == b"a\\r\\nb"
    with open(path, "wb") as file:
        file.write(b"\\xff")
    try:
        open(path, encoding="utf-8").read()
    except UnicodeDecodeError as error:
        assert error.start == 0
    assert open(path, encoding="utf-8", errors="replace").read() == "\\ufffd"
    with open(path, "w", buffering=1) as file:
        file.write("line\\nrest")
        assert os.path.getsize(path) in (5, 9)
    with open(path, "wb", buffering=0) as file:
        file.write(b"raw")
        assert os.path.getsize(path) == 3
    with open(path, "w+", buffering=16) as file:
        file.write("0123456789" * 4)
        file.seek(10)
        assert file.read(3) == "012" and file.tell() == 13
    os.unlink(path)
    with open(path, "x") as file:
        file.write("new")
    try:
        open(path, "x")
    except FileExistsError as error:
        r = error.filename
    """
    assert canister.run(source(code, base)) == repr(f"{base}/t")


@both
def test_modules_that_keep_files(canister: Canister, base: str) -> None:
    """shelve, dbm, sqlite3, logging, configparser and tempfile; what they keep in /stable survives."""
    code = """
    import configparser, dbm, dbm.dumb, dbm.sqlite3, logging, logging.handlers, os, shelve, sqlite3, tempfile
    with shelve.open("BASE/shelf") as shelf:
        shelf["a"] = [1, {"b": None}]
    with dbm.dumb.open("BASE/dumb", "c") as base:
        base[b"k"] = b"v" * 5000
    with dbm.sqlite3.open("BASE/sq", "c") as base:
        base["k"] = "v"
    assert dbm.whichdb("BASE/shelf") == "dbm.sqlite3" and dbm.whichdb("BASE/dumb") == "dbm.dumb"
    logger = logging.getLogger("files")
    handler = logging.handlers.RotatingFileHandler("BASE/log", maxBytes=100, backupCount=2)
    logger.addHandler(handler)
    for number in range(40):
        logger.warning("line %s", number)
    logger.removeHandler(handler)
    handler.close()
    assert open("BASE/log").read().splitlines()[-1] == "line 39" and os.path.exists("BASE/log.2")
    config = configparser.ConfigParser()
    config["section"] = {"key": "value"}
    with open("BASE/c.ini", "w") as file:
        config.write(file)
    assert tempfile.gettempdir() == "/tmp"
    number, name = tempfile.mkstemp(dir="BASE", suffix=".x")
    os.close(number)
    assert name.startswith("BASE/tmp") and name.endswith(".x")
    with tempfile.NamedTemporaryFile(dir="BASE") as file:
        assert os.path.exists(file.name)
    assert not os.path.exists(file.name)
    assert os.path.isdir(tempfile.mkdtemp(dir="BASE"))
    with sqlite3.connect("BASE/data") as base:
        base.execute("create table t (a)")
        base.executemany("insert into t values (?)", [(number,) for number in range(100)])
    base.close()
    """
    canister.run(source(code, base))
    if base == "/stable":
        canister.upgrade()
    code = """
    import configparser, dbm, dbm.dumb, dbm.sqlite3, shelve, sqlite3
    config = configparser.ConfigParser()
    config.read("BASE/c.ini")
    r = [dict(shelve.open("BASE/shelf", "r")), len(dbm.open("BASE/dumb")[b"k"])]
    r += [dbm.sqlite3.open("BASE/sq")["k"], config["section"]["key"]]
    r += sqlite3.connect("BASE/data").execute("select sum(a) from t").fetchone()
    """
    assert canister.run(source(code, base)) == "[{'a': [1, {'b': None}]}, 5000, b'v', 'value', 4950]"


@both
def test_archives_and_trees(canister: Canister, base: str) -> None:
    """shutil packs, unpacks, copies, moves and removes trees; members of archives have usable permissions."""
    code = """
    import os, shutil, stat, tarfile, zipfile
    from pathlib import Path
    tree = Path("BASE/tree")
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "file").write_bytes(bytes(range(256)) * 50)
    (tree / "empty").touch()
    (tree / "tool").touch()
    (tree / "tool").chmod(0o755)
    def shown(root):
        paths = sorted(Path(root).rglob("*"))
        mode = lambda path: stat.filemode(path.stat().st_mode)
        return [(str(p.relative_to(root)), mode(p), p.is_file() and p.read_bytes()) for p in paths]
    expected = shown(tree)
    modes = ["drwxr-xr-x", "drwxr-xr-x", "-rw-r--r--", "-rw-r--r--", "-rwxr-xr-x"]
    assert [mode for _, mode, _ in expected] == modes
    for kind in ("zip", "tar", "gztar", "bztar", "xztar"):
        name = shutil.make_archive("BASE/archive", kind, tree)
        shutil.unpack_archive(name, "BASE/out-" + kind)
        found = shown("BASE/out-" + kind)
        # zipfile sets no permissions when it unpacks.
        assert found == expected or kind == "zip" and [f[::2] for f in found] == [e[::2] for e in expected]
    with zipfile.ZipFile("BASE/archive.zip") as archive:
        assert archive.getinfo("tool").external_attr >> 16 == stat.S_IFREG | 0o755
    with tarfile.open("BASE/archive.tar") as archive:
        assert archive.getmember("./a/b/file").mode == 0o644
    shutil.copytree(tree, "BASE/copied")
    assert shown("BASE/copied") == expected
    shutil.move("BASE/copied", "BASE/moved")
    other = "/tmp/other" if "BASE" == "/stable" else "/stable/other"
    shutil.move("BASE/moved", other)
    assert shown(other) == expected and not os.path.exists("BASE/moved")
    shutil.rmtree(other)
    r = os.path.exists(other)
    """
    assert canister.run(source(code, base)) == "False"


@both
def test_pathlib(canister: Canister, base: str) -> None:
    """Paths are made, linked, compared, renamed and removed."""
    code = """
    from pathlib import Path
    base = Path("BASE")
    (base / "d").mkdir()
    (base / "d").mkdir(exist_ok=True)
    file = base / "d" / "f.txt"
    assert file.write_text("text") == 4 and file.read_text() == "text" and file.stat().st_size == 4
    (base / "soft").symlink_to(file)
    (base / "hard").hardlink_to(file)
    assert (base / "soft").resolve() == file and (base / "soft").readlink() == file
    assert (base / "hard").samefile(base / "soft") and file.stat().st_nlink == 2
    assert [str(p.relative_to(base)) for p in sorted(base.rglob("*.txt"))] == ["d/f.txt"]
    moved = file.rename(base / "moved.txt")
    assert moved.exists() and not file.exists()
    assert not (base / "soft").exists() and (base / "soft").is_symlink()
    assert moved.replace(base / "hard") == base / "hard" and moved.exists(), "two names of one file"
    for wrong, kind in (
        (lambda: file.unlink(), FileNotFoundError),
        (lambda: (base / "d").unlink(), IsADirectoryError),
        (lambda: base.joinpath("d").mkdir(), FileExistsError),
        (lambda: moved.rmdir(), NotADirectoryError),
        (lambda: (moved / "x").touch(), NotADirectoryError),
        (lambda: moved.touch(exist_ok=False), FileExistsError),
    ):
        try:
            wrong()
        except kind:
            pass
        else:
            raise AssertionError(kind)
    file.unlink(missing_ok=True)
    (base / "soft").unlink()
    (base / "d").rmdir()
    r = [str(path) for path in base.iterdir()]
    """
    assert canister.run(source(code, base)) == repr([f"{base}/hard", f"{base}/moved.txt"])
