"""Bad input: each case ends with a place, a cause or remedy, an exit code, and nothing half-written.

Every test runs the command line as a user does, in a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from basilisk.runtime import find

pytestmark = pytest.mark.usefixtures("artefact")

SOURCES = Path(__file__).resolve().parents[2] / "src"
METHOD = "\n@query\ndef answer() -> str:\n    return 'yes'\n"
HEAD = "from basilisk import query, update\n"


@dataclass(frozen=True)
class Outcome:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


def basilisk(folder: Path, *arguments: str, **environment: str) -> Outcome:
    """Run ``basilisk`` in ``folder``."""
    inherited = {name: value for name, value in os.environ.items() if name != "BASILISK_PYTHON_BACKEND"}
    ended = subprocess.run(
        [sys.executable, "-m", "basilisk", *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(SOURCES), "NO_COLOR": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


def refused(outcome: Outcome, code: int, *parts: str) -> None:
    """The run failed as it should: exit code, all ``parts`` in the message, no traceback of ours."""
    assert outcome.code == code, outcome
    for part in parts:
        assert part in outcome.err, (part, outcome.err)
    assert re.search(r"^  (remedy|cause): \S", outcome.err, re.MULTILINE), outcome.err
    assert "src/basilisk" not in outcome.err, "a traceback of ours"
    assert "basilisk/_guest" not in outcome.err, "a traceback of ours"
    assert "built" not in outcome.out


def written(folder: Path) -> list[str]:
    """Everything in ``folder`` that is not the program."""
    return sorted(path.name for path in folder.rglob("*") if path.suffix not in (".py", ".so", ".json"))


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        pytest.param(HEAD + "def f(:\n", ["main.py:2:7: syntax error", "Python 3.13"], id="syntax"),
        pytest.param(HEAD + "x = 1\nreturn x\n", ["main.py:3:1", "outside function"], id="syntax 3.13 finds"),
        pytest.param("x = 1\n", ["main.py: the program has no canister method", "@query"], id="no method"),
        pytest.param(
            "def hello(name: str) -> str:\n    return name\n",
            ["no canister method", "@query"],
            id="no decorator",
        ),
        pytest.param(
            HEAD + "@query\ndef f(a) -> str:\n    return a\n",
            ["main.py:3:7: 'a' of 'f'", "no type", "nat64"],
            id="missing annotation",
        ),
        pytest.param(
            HEAD + "@query\ndef f(a: dict) -> str:\n    return ''\n",
            ["main.py:3:10: 'a' of 'f'", "dict alone", "dict[str, nat64]"],
            id="dict without arguments",
        ),
        pytest.param(
            HEAD + "@query\ndef f(a: str) -> object:\n    return a\n",
            ["main.py:3:18: ", "'f'"],
            id="unsupported annotation",
        ),
        pytest.param(
            HEAD + "@query\ndef f(a: 'Missing') -> str:\n    return ''\n",
            ["main.py:3:10: ", "'Missing'", "not defined"],
            id="undefined name in quotes",
        ),
        pytest.param(
            HEAD + "@query\ndef f(a: str) -> Missing:\n    return a\n",
            ["main.py:3:18: ", "'Missing' is not defined", "import it"],
            id="undefined name",
        ),
        pytest.param(
            HEAD + "@query\ndef f() -> str:\n    return ''\n\n@update\ndef f() -> str:\n    return ''\n",
            ["main.py:7:5: ", "used twice", "main.py:2", "rename"],
            id="two methods of one name",
        ),
        pytest.param(
            HEAD + "import nothing\n" + METHOD,
            ["main.py:2:8: no module named nothing", "install the package"],
            id="no module",
        ),
        pytest.param(
            HEAD + "from os import nothing\n" + METHOD,
            ["main.py:2:", "cannot import name 'nothing'"],
            id="no name",
        ),
        pytest.param(
            HEAD + "import socket\n" + METHOD,
            ["main.py:2:8: module 'socket' cannot work in a canister", "no sockets", "http_request"],
            id="stdlib module that cannot work",
        ),
        pytest.param(
            HEAD + "def half(x):\n    return 1 / x\n\n\nSTART = half(0)\n" + METHOD,
            [
                "main.py:3:12: ZeroDivisionError: division by zero",
                'File "main.py", line 6, in <module>',
                "START = half(0)",
                "return 1 / x",
            ],
            id="exception",
        ),
        pytest.param(
            "from basilisk import ic, query\nNOW = ic.time()\n" + METHOD,
            ["main.py:2:7: ic.time cannot be called while the program is imported", "@init"],
            id="ic",
        ),
        pytest.param(
            "from basilisk import ic, query\nME = ic.caller()\n" + METHOD,
            ["main.py:2:6: ic.caller cannot be called", "@init"],
            id="ic.caller",
        ),
        pytest.param(
            HEAD + "import time\nNOW = time.time()\n" + METHOD,
            ["main.py:3:7: the clock cannot be read", "inside a method"],
            id="clock",
        ),
        pytest.param(
            HEAD + "from datetime import datetime\nNOW = datetime.now()\n" + METHOD,
            ["main.py:3:7: the clock cannot be read", "inside a method"],
            id="clock through datetime",
        ),
        pytest.param(
            HEAD + "import os\nTOKEN = os.urandom(8)\n" + METHOD,
            ["main.py:3:9: random numbers cannot be drawn", "every copy of the canister"],
            id="entropy",
        ),
        pytest.param(
            HEAD + "import random\nTOKEN = random.random()\n" + METHOD,
            ["main.py:3:9: random numbers cannot be drawn", "inside a method"],
            id="entropy through random",
        ),
        pytest.param(
            HEAD + "import uuid\nTOKEN = uuid.uuid4()\n" + METHOD,
            ["main.py:3:9: random numbers cannot be drawn", "inside a method"],
            id="entropy through uuid",
        ),
        pytest.param(
            HEAD + "TEXT = open('data.txt').read()\n" + METHOD,
            ["main.py:2:8: files cannot be opened", "include ="],
            id="files",
        ),
        pytest.param(
            HEAD + "def loop():\n    return loop()\n\n\nloop()\n" + METHOD,
            ["main.py:3:12: RecursionError"],
            id="endless recursion",
        ),
        pytest.param(HEAD + "raise SystemExit(3)\n" + METHOD, ["main.py:2:1: SystemExit"], id="exit"),
    ],
)
def test_programs(tmp_path: Path, source: str, parts: list[str]) -> None:
    """A program that cannot become a canister: exit code 2 and nothing written."""
    (tmp_path / "main.py").write_text(source, encoding="utf-8")
    refused(basilisk(tmp_path, "build", "main.py"), 2, *parts)
    assert written(tmp_path) == []


def test_a_failed_build_keeps_the_last_good_result(tmp_path: Path) -> None:
    """What was built before stays as it is, byte for byte."""
    program = tmp_path / "main.py"
    program.write_text(HEAD + METHOD, encoding="utf-8")
    assert basilisk(tmp_path, "build", "--name", "x").code == 0
    before = {path: path.read_bytes() for path in (tmp_path / ".basilisk").rglob("*") if path.is_file()}
    program.write_text(HEAD + "x = (\n" + METHOD, encoding="utf-8")
    refused(basilisk(tmp_path, "build", "--name", "x"), 2, "main.py:2:5")
    after = {path: path.read_bytes() for path in (tmp_path / ".basilisk").rglob("*") if path.is_file()}
    assert after == before
    assert len(before) == 4


def test_error_in_another_module(tmp_path: Path) -> None:
    """The message names the file the mistake is in, not the entry."""
    (tmp_path / "main.py").write_text(HEAD + "import helper\n" + METHOD, encoding="utf-8")
    (tmp_path / "helper.py").write_text("LIMITS = {}\nSIZE = LIMITS['size']\n", encoding="utf-8")
    refused(
        basilisk(tmp_path, "build"),
        2,
        "helper.py:2:8: KeyError: 'size'",
        'File "main.py", line 2',
        "SIZE = LIMITS",
    )


@pytest.mark.parametrize("direct", [True, False], ids=["imported by the program", "deep in a package"])
def test_native_extension(tmp_path: Path, direct: bool) -> None:
    """The .so file is named, at the program's own import statement."""
    site = tmp_path / "env" / "lib" / "python3.12" / "site-packages" / "fastlib"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text("from .core import run\n")
    (site / "core.py").write_text("from ._speed import run\n")
    (site / "_speed.cpython-312-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    imported = "fastlib._speed" if direct else "fastlib"
    (tmp_path / "main.py").write_text(HEAD + f"import {imported}\n" + METHOD, encoding="utf-8")
    outcome = basilisk(tmp_path, "build", VIRTUAL_ENV=str(tmp_path / "env"))
    refused(
        outcome,
        2,
        "main.py:2:8: ",
        "cannot be imported in a canister",
        "fastlib/_speed.cpython-312-x86_64-linux-gnu.so",
        "machine code",
        "pure Python",
    )
    assert not (tmp_path / ".basilisk").exists()


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (
            b"from basilisk import query\nNAME = '\xe4'\n",
            ["main.py:2:9: byte 0xe4 is not UTF-8", "save it as UTF-8"],
        ),
        (b"# -*- coding: latin-1 -*-\n", ["main.py:1:1: the source declares the encoding latin-1"]),
        (b"x = '\0'\n", ["main.py:1:6: the source holds a null byte"]),
    ],
)
def test_not_utf8(tmp_path: Path, data: bytes, parts: list[str]) -> None:
    """A source in another encoding is refused with the place of the first wrong byte."""
    (tmp_path / "main.py").write_bytes(data)
    refused(basilisk(tmp_path, "build"), 2, *parts)
    assert written(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_source(tmp_path: Path) -> None:
    """A source that may not be read is named."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    (tmp_path / "main.py").chmod(0)
    refused(basilisk(tmp_path, "build"), 2, "main.py: the file cannot be read", "you may read it")


def test_source_that_is_a_dangling_link(tmp_path: Path) -> None:
    """A module that cannot be read for another reason is named as well."""
    (tmp_path / "main.py").write_text(HEAD + "import helper\n" + METHOD)
    (tmp_path / "helper.py").symlink_to(tmp_path / "nowhere")
    refused(basilisk(tmp_path, "build"), 2, "helper.py: the file cannot be read", "file exists")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    yield from _mounted(tmp_path / "small", "size=2m")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A file system that cannot be written."""
    yield from _mounted(tmp_path / "frozen", "ro")


def _mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a file system, and not in every container")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """The disk is full in the middle of writing: exit code 3, and not one file is left on it."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    outcome = basilisk(tmp_path, "build", "--name", "x", "--output", str(small_disk / "out"))
    refused(outcome, 3, "cannot be written: No space left", "make room", "--output", "nothing was written")
    assert list(small_disk.rglob("*")) == []


def test_unwritable_folder(tmp_path: Path, read_only: Path) -> None:
    """An output folder that cannot be written is named with the way out."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    outcome = basilisk(tmp_path, "build", "--output", str(read_only / "out"))
    refused(outcome, 3, f"{read_only}/out", "cannot be written: Read-only file system", "--output")


def test_output_is_a_file(tmp_path: Path) -> None:
    """A file in the place of the output folder is named."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    (tmp_path / "out").write_text("mine")
    refused(basilisk(tmp_path, "build", "-o", "out"), 3, "out", "a file stands where a folder is needed")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text"])
def test_damaged_artefact(tmp_path: Path, damage: str) -> None:
    """A damaged runtime is told apart from every other error, with the way to a whole one."""
    found = find()
    assert found is not None
    whole = found.path.read_bytes()
    middle = len(whole) // 2
    broken = {
        "cut": whole[:middle],
        "changed": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
        "empty": b"",
        "text": b"not a runtime",
    }[damage]
    path = tmp_path / "runtime.wasm.zst"
    path.write_bytes(broken)
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    outcome = basilisk(tmp_path, "build", BASILISK_RUNTIME=str(path))
    refused(outcome, 3, str(path), "damaged", "BASILISK_RUNTIME")
    assert not (tmp_path / ".basilisk").exists()


def test_artefact_that_does_not_exist(tmp_path: Path) -> None:
    """BASILISK_RUNTIME must name a file."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    refused(basilisk(tmp_path, "build", BASILISK_RUNTIME="/nowhere"), 64, "BASILISK_RUNTIME names /nowhere")


def test_rustpython(tmp_path: Path) -> None:
    """The other backend is not needed any more, and the message says so."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    outcome = basilisk(tmp_path, "build", BASILISK_PYTHON_BACKEND="rustpython")
    refused(outcome, 64, "BASILISK_PYTHON_BACKEND=rustpython", "not needed any more", "unset")
    assert not (tmp_path / ".basilisk").exists()


def test_unwritable_cache_costs_time_only(tmp_path: Path, read_only: Path) -> None:
    """Without a cache a build still succeeds."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    runtime = find()
    assert runtime is not None
    outcome = basilisk(
        tmp_path, "build", XDG_CACHE_HOME=str(read_only), BASILISK_RUNTIME=str(runtime.path.absolute())
    )
    assert outcome.code == 0, outcome.err


def test_damaged_cache_is_made_again(tmp_path: Path) -> None:
    """Every file of the cache may be damaged; the build succeeds and gives the same bytes."""
    (tmp_path / "main.py").write_text(HEAD + METHOD)
    runtime = find()
    assert runtime is not None
    environment = {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "BASILISK_RUNTIME": str(runtime.path.absolute()),
    }
    assert basilisk(tmp_path, "build", "--name", "x", **environment).code == 0
    before = (tmp_path / ".basilisk" / "x" / "x.wasm.gz").read_bytes()
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] + b"damage")
    outcome = basilisk(tmp_path, "build", "--name", "x", "--force", **environment)
    assert outcome.code == 0, outcome.err
    assert (tmp_path / ".basilisk" / "x" / "x.wasm.gz").read_bytes() == before
