"""`basilisk migrate` on files: modes, exit codes, and that nothing gets lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from basilisk.cli.app import app
from basilisk.errors import EnvironmentFault
from basilisk.migrate import migrate_path

OLD = "from kybra import opt, query\n\n\n@query\ndef f() -> opt[int]:\n    return None\n"
NEW = OLD.replace("kybra", "basilisk").replace("opt", "Opt")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its time."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text(OLD)
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    (tmp_path / "venv" / "lib.py").write_text(OLD)
    (tmp_path / ".dfx").mkdir()
    (tmp_path / ".dfx" / "copy.py").write_text(OLD)
    (tmp_path / "dfx.json").write_text(
        json.dumps(
            {
                "canisters": {
                    "hello": {
                        "build": "python -m kybra hello src/main.py src/main.did",
                        "wasm": ".dfx/kybra/hello/target/hello.wasm.gz",
                    }
                }
            },
            indent=4,
        )
    )
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["migrate", *arguments], catch_exceptions=False)


def test_it_writes_the_files(project: Path) -> None:
    """Programs and dfx.json change; environments and hidden folders are nobody's program."""
    result = run()
    assert result.exit_code == 0
    assert sorted(result.stderr.splitlines()) == ["changed: dfx.json", "changed: src/main.py"]
    assert (project / "src" / "main.py").read_text() == NEW
    assert (project / "venv" / "lib.py").read_text() == OLD == (project / ".dfx" / "copy.py").read_text()
    settings = json.loads((project / "dfx.json").read_text())["canisters"]["hello"]
    assert settings == {
        "build": "python -m basilisk hello src/main.py src/main.did",
        "wasm": ".basilisk/hello/hello.wasm.gz",
    }
    assert run().stderr == "nothing to change\n"


def test_diff_and_check_write_nothing(project: Path) -> None:
    """--diff prints the changes, --check answers with its exit code."""
    result = run("src", "--diff")
    assert (
        result.exit_code == 0
        and "-from kybra import opt, query\n+from basilisk import Opt, query" in result.stdout
    )
    assert result.stdout.startswith("--- a/src/main.py\n+++ b/src/main.py\n@@ ")
    assert run("src", "--check").exit_code == 1
    assert (project / "src" / "main.py").read_text() == OLD
    assert run("src/main.py").exit_code == 0
    assert run("src", "--check").exit_code == 0


def test_one_bad_file_stops_all(project: Path) -> None:
    """A syntax error is shown with its place, and no file changes."""
    (project / "src" / "other.py").write_text("from kybra import ic\nif x === 1: pass\n")
    result = run("src")
    assert result.exit_code == 2
    assert "src/other.py:2:8: syntax error" in result.stderr
    assert (project / "src" / "main.py").read_text() == OLD


def test_bytes_around_the_change_stay(project: Path) -> None:
    """Line ends, byte order mark, rights and comments are the file's own."""
    path = project / "src" / "main.py"
    data = b"\xef\xbb\xbf# \xc3\xa4\r\nfrom kybra import nat  # first\r\n\r\nx: nat = 1\t \r\n# end"
    path.write_bytes(data)
    path.chmod(0o750)
    assert run("src").exit_code == 0
    assert path.read_bytes() == data.replace(b"kybra", b"basilisk")
    assert path.stat().st_mode & 0o777 == 0o750


def test_links_lead_to_the_file(project: Path) -> None:
    """A file that is a symbolic link is written where it points."""
    (project / "real.py").write_text(OLD)
    os.symlink(project / "real.py", project / "src" / "linked.py")
    assert run("src/linked.py").exit_code == 0
    assert (project / "src" / "linked.py").is_symlink() and (project / "real.py").read_text() == NEW


def test_a_file_that_changed_meanwhile_is_not_overwritten(project: Path) -> None:
    """What an editor saved between reading and writing is kept."""
    found = migrate_path(project / "src")
    (project / "src" / "main.py").write_text("# new\n")
    with pytest.raises(EnvironmentFault, match="in the meantime"):
        found.write()
    assert (project / "src" / "main.py").read_text() == "# new\n"


def test_nothing_there(project: Path) -> None:
    """A path without a program is a mistake of the command."""
    (project / "empty").mkdir()
    for name in ("empty", "nowhere"):
        assert run(name).exit_code == 64
