"""Builds from end to end: results, determinism, caches, old commands, `basilisk run`."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.runtime import Found
from basilisk.runtime.cache import cache_folder
from basilisk.runtime.sections import custom_sections
from tests.determinism.builds import compare_places, places

pytestmark = pytest.mark.usefixtures("artefact")

ROOT = Path(__file__).resolve().parents[2]
COUNTER = ROOT / "examples" / "counter"
HELLO = """\
from basilisk import nat, query, text, update

count: nat = 0
print("hello from the build")

@query
def greet(name: text) -> text:
    print("greeting", name)
    return f"Hello, {name}!"

@update
def add(amount: nat) -> nat:
    global count
    count += amount
    return count

@query
def fail() -> text:
    return [][0]
"""


def basilisk(
    folder: Path, *arguments: str, code: int = 0, stdin: str = "", **environment: str
) -> tuple[str, str]:
    """Run ``basilisk`` in ``folder``; return what it wrote to stdout and stderr."""
    ended = subprocess.run(
        [sys.executable, "-m", "basilisk", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        input=stdin,
        timeout=300,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    return ended.stdout, ended.stderr


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A folder ``hello`` with a program."""
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "main.py").write_text(HELLO, encoding="utf-8")
    return folder


def test_results(hello: Path) -> None:
    """Module, compressed module, interface; the module carries its metadata."""
    out, err = basilisk(hello, "build")
    assert out.startswith("built hello in ")
    assert "3 methods" in out
    assert "printed at build time: hello from the build" in err
    folder = hello / ".basilisk" / "hello"
    names = ["hello.did", "hello.stamp.json", "hello.wasm", "hello.wasm.gz"]
    assert sorted(path.name for path in folder.iterdir()) == names
    wasm = (folder / "hello.wasm").read_bytes()
    assert gzip.decompress((folder / "hello.wasm.gz").read_bytes()) == wasm
    sections = custom_sections(wasm)
    assert sections["icp:public candid:service"] == (folder / "hello.did").read_bytes()
    assert sections["icp:public candid:args"] == b"()"
    assert sections["icp:public cdk:name"] == b"basilisk"
    assert not any(name.startswith("basilisk:") for name in sections)


def test_what_is_up_to_date_is_not_built(hello: Path) -> None:
    """A second build does nothing; a changed source, a changed result or --force builds."""
    basilisk(hello, "build")
    result = hello / ".basilisk" / "hello" / "hello.wasm"
    before = result.stat().st_mtime_ns
    out, _ = basilisk(hello, "build")
    assert "up to date" in out
    assert result.stat().st_mtime_ns == before
    result.write_bytes(b"damaged")
    assert "built hello" in basilisk(hello, "build")[0]
    assert "built hello" in basilisk(hello, "build", "--force")[0]
    (hello / "main.py").write_text(HELLO + "\n# changed\n")
    assert "built hello" in basilisk(hello, "build")[0]


def test_same_bytes_everywhere(tmp_path: Path, artefact: Found) -> None:
    """Folder, user, umask, time zone, clock, locale, hash seed and caches leave no trace in the results."""
    source = "import json, collections, decimal\nfrom helper import X\n" + HELLO
    files = {"main.py": source, "helper.py": "X = {'a', 'b', 'c'}\n"}
    one, other, _missing = places(tmp_path)
    differences, results = compare_places((one, other), "hello", files, artefact.path)
    assert differences == []
    assert sorted(results) == ["hello.did", "hello.stamp.json", "hello.wasm", "hello.wasm.gz"]


def test_nothing_of_this_machine_is_inside(hello: Path) -> None:
    """No path and no user name gets into the canister."""
    basilisk(hello, "build")
    wasm = (hello / ".basilisk" / "hello" / "hello.wasm").read_bytes()
    for trace in (str(hello), str(ROOT), sys.prefix, str(Path.home()) + "/"):
        assert trace.encode() not in wasm


def test_old_build_command(hello: Path) -> None:
    """``python -m basilisk NAME ENTRY DID`` writes the interface where it is asked to."""
    (hello / "src").mkdir()
    shutil.move(hello / "main.py", hello / "src" / "main.py")
    copy = hello / "copy.wasm"
    basilisk(hello, "greeter", "src/main.py", "src/main.did", ICP_WASM_OUTPUT_PATH=str(copy))
    did = (hello / "src" / "main.did").read_text()
    assert "greet : (name : text) -> (text) query" in did
    assert (hello / ".basilisk" / "greeter" / "greeter.did").read_text() == did
    assert copy.read_bytes() == (hello / ".basilisk" / "greeter" / "greeter.wasm").read_bytes()


def test_packages_of_the_environment(hello: Path, tmp_path: Path) -> None:
    """A pure-Python package of the active environment is part of the canister, lazily imported parts too."""
    site = tmp_path / "env" / "lib" / "python3.12" / "site-packages" / "shouting"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text("from .voice import loud\n")
    (site / "voice.py").write_text("def loud(text):\n    from . import late\n    return late.up(text)\n")
    (site / "late.py").write_text("def up(text):\n    return text.upper()\n")
    head = "from basilisk import query\nfrom shouting import loud\n\n"
    source = head + "@query\ndef say(t: str) -> str:\n    return loud(t)\n"
    (hello / "main.py").write_text(source)
    out, _ = basilisk(hello, "run", "main.py", "say", "hi", VIRTUAL_ENV=str(tmp_path / "env"))
    assert out == '("HI")\n'


def test_run_calls_methods(hello: Path) -> None:
    """Several calls in one command share state; replies on stdout, prints on stderr."""
    out, err = basilisk(hello, "run", "main.py", "greet", '("World")', "add", "5", "add", "6", "--stats")
    assert out.splitlines() == ['("Hello, World!")', "(5 : nat)", "(11 : nat)"]
    assert "canister: greeting World" in err
    assert "instructions" in err


def test_run_shows_the_traceback_of_a_trap(hello: Path) -> None:
    """An uncaught exception ends the call with the program's own traceback."""
    _, err = basilisk(hello, "run", "main.py", "fail", code=5)
    assert "IndexError: list index out of range" in err
    assert 'File "main.py", line 19, in fail' in err
    assert "return [][0]" in err
    assert "basilisk/" not in err


def test_run_explains_what_does_not_fit(hello: Path) -> None:
    """Unknown methods, missing and wrong arguments."""
    assert "its methods: add, fail, greet" in basilisk(hello, "run", "main.py", "nothing", code=64)[1]
    assert "greet takes 1 argument, 0 given" in basilisk(hello, "run", "main.py", "greet", code=64)[1]
    assert "arguments of add" in basilisk(hello, "run", "main.py", "add", '("x")', code=65)[1]


def test_run_reads_lines_from_a_pipe(hello: Path) -> None:
    """Without calls on the command line they are read from stdin, identities and upgrades included."""
    lines = 'greet("a")\n# comment\n@as alice\nadd 2\n@upgrade\nadd 3\n'
    _, err = basilisk(hello, "run", "main.py", stdin=lines, code=5)
    assert "controllers" in err.lower()
    out, _ = basilisk(hello, "run", "main.py", stdin=lines.replace("@as alice\n", ""))
    assert out.splitlines() == ['("Hello, a!")', "(2 : nat)", "(3 : nat)"]


def test_prompt(hello: Path) -> None:
    """On a terminal, calls are typed by hand; mistakes do not end the prompt."""
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "basilisk", "run", "."],
        cwd=hello,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1", "TERM": "dumb"},
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    os.close(follower)
    lines = ["@help", "add(5)", "nothing", "add 6", "@methods", "@as alice", "@odd", "greet alice", "@reload"]
    os.write(leader, "".join(f"{line}\n" for line in [*lines, "@quit"]).encode())
    try:
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        os.close(leader)
    assert process.returncode == 0, out
    signature = "greet : func (name : text) -> (text) query"
    for part in ("(5 : nat)", "(11 : nat)", "no method 'nothing'", signature):
        assert part in out
    assert "unknown command @odd" in out
    assert '("Hello, alice!")' in out


def test_run_checks_a_session(hello: Path) -> None:
    """A scripted session ends with the line of the first reply that is not as written."""
    (hello / "good.txt").write_text('greet("x")\n  => ("Hello, x!")\n')
    (hello / "bad.txt").write_text("# comment\nadd(5)\n  => (6)\n")
    out, err = basilisk(hello, "run", ".", "--script", "good.txt")
    assert "1 calls answered as expected" in err
    assert '("Hello, x!")' in out
    assert "bad.txt:2" in basilisk(hello, "run", ".", "--script", "bad.txt", code=6)[1]


def test_did_and_inspect(hello: Path) -> None:
    """The interface comes from the program or from the wasm; inspect knows imports, exports and limits."""
    from_program, _ = basilisk(hello, "did")
    from_wasm, _ = basilisk(hello, "did", ".basilisk/hello/hello.wasm.gz")
    assert from_program == from_wasm
    assert "fail : () -> (text) query" in from_program
    out, _ = basilisk(hello, "inspect", ".basilisk/hello/hello.wasm.gz", "--json")
    found = json.loads(out)
    assert {item["name"].partition(".")[0] for item in found["imports"]} == {"ic0"}
    exports = {item["name"] for item in found["exports"]}
    timers = {"canister_global_timer", "canister_update <basilisk> timer"}
    own = {"canister_query greet", "canister_update add", "canister_query fail"}
    assert exports == {"memory"} | own | timers
    assert found["violations"] == []
    assert all(item["share"] < 1 for item in found["limits"])
    shown, _ = basilisk(hello, "inspect", ".basilisk/hello/hello.wasm", "--imports")
    for part in (
        "Sections",
        "ic0.msg_reply",
        "canister_query greet",
        "code section, bytes",
        "accepts this module",
    ):
        assert part in shown


def test_a_new_project_works_at_once(tmp_path: Path) -> None:
    """What `basilisk new` writes builds, runs and passes its own session."""
    basilisk(tmp_path, "new", "shop")
    out, _ = basilisk(tmp_path / "shop", "run", ".", "greet", "World")
    assert out == '("Hello, World!")\n'
    assert "3 calls" in basilisk(tmp_path / "shop", "run", ".", "--script", "session.txt")[1]


def test_hints_on_decorators_without_effect(hello: Path) -> None:
    """A decorated method of a class is pointed out, and the build goes on."""
    (hello / "main.py").write_text(HELLO + "\ndef outer():\n    @query\n    def inner() -> text: ...\n")
    _, err = basilisk(hello, "build")
    assert "warning: main.py:23:9: @query on inner has no effect" in err


def test_a_warm_build_makes_nothing_again(tmp_path: Path) -> None:
    """Machine code and base image come from the cache: that is what makes a warm build quick."""

    def made() -> dict[str, int]:
        folders = [cache_folder() / name for name in ("base", "compiled")]
        return {str(path): path.stat().st_ino for folder in folders for path in folder.iterdir()}

    project = resolve(str(COUNTER))
    build(project, output=tmp_path)
    before = made()
    built = build(project, output=tmp_path, force=True)
    assert built.fresh
    assert made() == before
