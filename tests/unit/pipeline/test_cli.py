"""The command line without a runtime: help, errors, scaffolds, old build commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from basilisk.build.project import Project
from basilisk.cli import building, faults, show
from basilisk.cli.app import app
from basilisk.errors import BasiliskError, CallRejected, EnvironmentFault, Location, ProgramError, UsageError

from .conftest import Tree

COMMANDS = ["new", "build", "run", "did", "bindings", "check", "migrate", "inspect", "doctor"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Project, dict[str, Any]]]:
    """Builds are noted instead of carried out."""
    noted: list[tuple[Project, dict[str, Any]]] = []
    for module in ("build_command", "build_entry_command"):
        monkeypatch.setattr(
            f"basilisk.cli.{module}.build_and_show",
            lambda project, **options: noted.append((project, options)),
        )
    return noted


def test_help_lists_every_command() -> None:
    """The overview shows each command and examples."""
    result = run("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.stdout
    assert "basilisk run main.py greet" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_examples(name: str) -> None:
    """--help of a command ends with commands that can be copied."""
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Examples:\n  basilisk " in result.stdout.replace("    basilisk", "  basilisk")


def test_help_loads_nothing_heavy() -> None:
    """wasmtime, libcst, rich and jinja2 are loaded when they are needed, not for an overview."""
    code = (
        "import sys\nfrom basilisk.cli.app import app\n"
        "try:\n app.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'wasmtime', 'libcst', 'rich', 'jinja2', 'zstandard'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    sources = str(Path(__file__).resolve().parents[3] / "src")
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": sources, "PATH": ""},
    )
    assert ended.stdout.splitlines()[-1] == "[]"


def test_unknown_commands() -> None:
    """A wrong command is a usage error."""
    result = run("bogus")
    assert result.exit_code == 64
    assert "No such command 'bogus'" in result.stderr


def test_version() -> None:
    """--version names the program."""
    assert run("--version").stdout.startswith("basilisk ")


def test_build_passes_its_options(tree: Tree, builds: list[tuple[Project, dict[str, Any]]]) -> None:
    """Target and options arrive at the pipeline."""
    root = tree({"main.py": ""})
    assert run("build", ".", "--name", "x", "-o", "out", "--force", "--timings").exit_code == 0
    ((project, options),) = builds
    assert (project.name, project.entry) == ("x", root / "main.py")
    assert options == {"output": Path("out"), "force": True, "timings": True, "quiet": False, "python": None}


@pytest.mark.parametrize(
    ("arguments", "did"),
    [(["hello", "src/main.py", "src/main.did"], Path("src/main.did")), (["hello", "src/main.py"], None)],
)
def test_old_build_commands(
    tree: Tree, builds: list[tuple[Project, dict[str, Any]]], arguments: list[str], did: Path | None
) -> None:
    """``python -m basilisk NAME ENTRY [DID]`` builds."""
    root = tree({"src/main.py": ""})
    assert run(*arguments).exit_code == 0
    ((project, _),) = builds
    assert (project.name, project.entry, project.did) == ("hello", root / "src/main.py", did)


def test_a_declared_name_alone_builds(tree: Tree, builds: list[tuple[Project, dict[str, Any]]]) -> None:
    """``python -m basilisk NAME`` takes the entry from the configuration."""
    tree({"pyproject.toml": '[tool.basilisk]\nname = "bank"\nentry = "a.py"\n', "a.py": ""})
    assert run("bank").exit_code == 0
    assert builds[0][0].name == "bank"
    assert run("other").exit_code == 64


def test_rustpython_is_refused(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend variable is checked before anything else."""
    tree({"main.py": ""})
    monkeypatch.setenv("BASILISK_PYTHON_BACKEND", "rustpython")
    for arguments in (["build"], ["run", "."], ["did"], ["hello", "main.py"]):
        result = run(*arguments)
        assert result.exit_code == 64
        assert "not needed any more" in result.stderr


def test_new_projects(tree: Tree) -> None:
    """The scaffold is complete, names the project, and is never written over something."""
    root = tree({})
    result = run("new", "hello")
    assert result.exit_code == 0, result.stderr
    files = sorted(path.relative_to(root / "hello").as_posix() for path in (root / "hello").rglob("*.*"))
    expected = [".gitignore", "README.md", "dfx.json", "pyproject.toml", "session.txt", "src/main.py"]
    assert files == expected
    compile((root / "hello/src/main.py").read_text(), "main.py", "exec")
    assert json.loads((root / "hello/dfx.json").read_text())["canisters"]["hello"]["type"] == "custom"
    assert not any("{{" in (root / "hello" / name).read_text() for name in files)
    again = run("new", "hello")
    assert again.exit_code == 64
    assert "exists already" in again.stderr


@pytest.mark.parametrize("name", ["1st", "a b", "../x", ""])
def test_new_needs_a_proper_name(tree: Tree, name: str) -> None:
    """A name that no canister can have is refused, and nothing is written."""
    root = tree({})
    assert run("new", "--", name).exit_code == 64
    assert list(root.iterdir()) == []


def test_new_projects_are_found_by_name(tree: Tree) -> None:
    """What is scaffolded builds by folder, by name and by the command in its dfx.json."""
    from basilisk.build.project import resolve

    root = tree({})
    run("new", "hello")
    assert resolve("hello").entry == root / "hello/src/main.py"


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (
            ProgramError("bad", where=Location("a.py", 1, 2), cause="why", remedy="do", details="more"),
            2,
            ["error: a.py:1:2: bad", "  cause: why", "  remedy: do", "more"],
        ),
        (UsageError("bad"), 64, ["error: bad"]),
        (EnvironmentFault("bad"), 3, ["error: bad"]),
        (CallRejected(5, "no", "IC0503"), 5, ["error: the call was rejected (code 5, IC0503): no"]),
        (click.UsageError("bad"), 64, ["Error: bad"]),
        (click.Abort(), 130, ["stopped"]),
        (KeyboardInterrupt(), 130, ["stopped"]),
    ],
)
def test_every_error_has_one_form(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, lines: list[str]
) -> None:
    """Message, cause, remedy, details; the exit code is that of the error's kind."""

    def fail() -> None:
        raise error

    assert faults.guarded(fail) == code
    assert capsys.readouterr().err.splitlines() == lines


def test_our_own_faults_leave_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An unexpected exception is one line for the user and a file for the report."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fail() -> None:
        raise ZeroDivisionError("oh")

    assert faults.guarded(fail) == faults.UNEXPECTED
    shown = capsys.readouterr().err
    (report,) = (tmp_path / "basilisk" / "reports").iterdir()
    assert shown.count("\n") == 1
    assert str(report) in shown
    assert "Traceback" not in shown
    assert "ZeroDivisionError: oh" in report.read_text()
    monkeypatch.setenv("BASILISK_DEBUG", "1")
    faults.guarded(fail)
    assert "Traceback" in capsys.readouterr().err


def test_results_are_exit_codes() -> None:
    """A command may end with a code of its own."""
    assert faults.guarded(lambda: 3) == 3
    assert faults.guarded(lambda: None) == 0


def test_doctor_as_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every finding has a name, a state and what was found; a missing runtime is exit code 3."""
    monkeypatch.setattr("basilisk.runtime.lookup._PACKAGE", tmp_path / "a" / "package")
    monkeypatch.setattr("basilisk.runtime.lookup.checkout", lambda: None)
    monkeypatch.delenv("BASILISK_RUNTIME", raising=False)
    result = run("doctor", "--json")
    findings = {item["name"]: item for item in json.loads(result.stdout)}
    assert result.exit_code == EnvironmentFault.exit_code
    assert findings["runtime"]["state"] == "missing"
    assert "BASILISK_RUNTIME" in findings["runtime"]["remedy"]
    assert findings["click"]["state"] == "ok"
    assert run("doctor").stdout.rstrip().endswith("1 missing")


def test_inspect_refuses_what_is_no_module(tmp_path: Path) -> None:
    """A file that is not wasm is named, whatever it is."""
    for content in (b"", b"hello", b"\x1f\x8b nonsense", b"\0asm\x01\0\0\0\x01\xff"):
        (tmp_path / "x.wasm").write_bytes(content)
        for command in ("inspect", "did"):
            result = run(command, str(tmp_path / "x.wasm"))
            assert result.exit_code == 64, (content, result.stderr)
            assert "x.wasm" in result.stderr
    assert run("inspect", str(tmp_path / "missing.wasm")).exit_code == 64


def test_sizes() -> None:
    """Small sizes are exact, large ones readable."""
    assert show.size(99_999) == "99,999 bytes"
    assert show.size(4_120_000) == "4.12 MB"


def test_wasm_copy_comes_from_the_environment(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """icp-cli says in ICP_WASM_OUTPUT_PATH where it wants the module."""
    seen: dict[str, Any] = {}

    def fake(project: Project, **options: Any) -> None:
        seen.update(options)
        raise BasiliskError("enough")

    root = tree({"main.py": ""})
    monkeypatch.setattr("basilisk.build.pipeline.build", fake)
    monkeypatch.setenv("ICP_WASM_OUTPUT_PATH", str(root / "x.wasm"))
    with pytest.raises(BasiliskError):
        building.build_quietly(Project("x", root / "main.py", root))
    assert seen["wasm_copy"] == root / "x.wasm"
