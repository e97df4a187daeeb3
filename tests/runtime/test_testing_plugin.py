"""The pytest plug-in with real programs: reports of failures, shared builds, parallel runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# pytester forgets the modules that an inner run imports first; these are slow to import again.
import basilisk.build.pipeline
import basilisk.testing.transcript
import basilisk.toolbox  # noqa: F401
from basilisk.runtime import Found
from basilisk.runtime.cache import cache_folder
from tests.inner_pytest import run_pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
from basilisk import query, update

@query
def divide(a: int, b: int) -> int:
    print("dividing", a, "by", b)
    return a // b

@update
def work() -> None:
    print("working")
"""


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, artefact: Found) -> pytest.Pytester:
    """An inner project with a program; the user's cache stays where it is although pytester moves HOME."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_folder().parent))
    monkeypatch.setenv("BASILISK_RUNTIME", str(artefact.path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    (pytester.path / "main.py").write_text(PROGRAM)
    return pytester


def _run(folder: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    folder.makepyfile(source)
    return run_pytest(folder, *options)


def test_a_failure_shows_the_traceback_of_the_program(folder: pytest.Pytester) -> None:
    """The user's line, the canister's traceback and what it printed; none of our files."""
    result = _run(folder, "def test(deploy):\n    deploy('main.py').divide(1, 0)\n")
    text = "\n".join(result.outlines)
    result.stdout.fnmatch_lines(
        [
            ">*deploy('main.py').divide(1, 0)",
            'E*File "main.py", line 7, in divide',
            "E*ZeroDivisionError: integer division or modulo by zero",
            "*Canister log*",
            "*: dividing 1 by 0",
        ]
    )
    assert "src/basilisk" not in text


def test_a_program_that_does_not_build_names_its_line(folder: pytest.Pytester) -> None:
    """Place and cause, and no traceback of ours."""
    (folder.path / "bad.py").write_text("import socket\n")
    result = _run(folder, "def test(deploy):\n    deploy('bad.py')\n")
    result.stdout.fnmatch_lines(["E*bad.py:1:8: module 'socket' cannot work in a canister"])
    assert "src/basilisk" not in "\n".join(result.outlines)


def test_the_log_is_that_of_the_test(folder: pytest.Pytester) -> None:
    """What a shared canister printed for an earlier test is not shown with a later one."""
    result = _run(
        folder,
        """
        import pytest

        @pytest.fixture(scope="module")
        def canister(replica_module):
            return replica_module.deploy("main.py")

        def test_first(canister):
            canister.work()

        def test_second(canister):
            canister.divide(8, 2)
            assert False
        """,
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "working" not in "\n".join(result.outlines)
    result.stdout.fnmatch_lines(["*: dividing 8 by 2"])


def test_a_changed_program_is_built_again(folder: pytest.Pytester) -> None:
    """Within one test: the upgrade brings the new code and the new interface."""
    result = _run(
        folder,
        """
        from pathlib import Path

        def test(deploy):
            canister = deploy("main.py")
            assert canister.divide(7, 2) == 3
            Path("main.py").write_text(
                "from basilisk import float64, query\\n"
                "@query\\n"
                "def halve(a: float64) -> float64:\\n"
                "    return a / 2\\n"
            )
            canister.upgrade("main.py")
            assert canister.halve(7) == 3.5
            assert not hasattr(canister, "divide")
        """,
    )
    result.assert_outcomes(passed=1)


def test_parallel_processes_share_a_build(folder: pytest.Pytester, tmp_path: Path) -> None:
    """Under pytest-xdist a program is built by one process; the other one takes the result."""
    marker = tmp_path / "builds"
    (folder.path / "main.py").write_text(PROGRAM + f"\n# {tmp_path}\n")
    folder.makeconftest(
        f"""
        import os
        import pytest
        pytest_plugins = ["basilisk.testing.plugin"]

        @pytest.fixture(scope="session", autouse=True)
        def count_builds():
            import basilisk.build.pipeline as pipeline
            make = pipeline.make
            def counted(*arguments):
                with open({str(marker)!r}, "a") as file:
                    file.write(str(os.getpid()) + "\\n")
                return make(*arguments)
            pipeline.make = counted
            yield
            pipeline.make = make
        """
    )
    folder.makepyfile(
        """
        import os
        import pytest

        @pytest.mark.parametrize("number", range(1, 9))
        def test(deploy, number, record_property):
            canister = deploy("main.py")
            assert canister.divide(number * 6, number) == 6
            with open("workers", "a") as file:
                file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
        """
    )
    result = folder.runpytest_subprocess("-n", "2", "-W", "error")
    result.assert_outcomes(passed=8)
    assert len(marker.read_text().split()) == 1
    assert set((folder.path / "workers").read_text().split()) == {"gw0", "gw1"}


def test_a_damaged_cache_entry_is_made_anew(
    folder: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Bytes that are not those that were written are never installed."""
    from basilisk.testing import store

    fetched = store.fetch
    cache = tmp_path / "cache"
    monkeypatch.setattr(store, "folder", lambda: cache)
    made = []

    def make() -> store.Entry:
        made.append(1)
        return {"did": "service : {}"}, b"module"

    assert fetched("0" * 64, make) == fetched("0" * 64, make) == ({"did": "service : {}"}, b"module")
    assert len(made) == 1
    entry = cache / "programs" / ("0" * 64)
    entry.write_bytes(entry.read_bytes()[:-1])
    assert fetched("0" * 64, make)[1] == b"module"
    assert len(made) == 2


def test_nothing_heavy_is_imported_for_tests_of_other_things(folder: pytest.Pytester) -> None:
    """A session that uses no fixture of ours pays for a few small modules only."""
    folder.makepyfile(
        """
        import sys

        def test():
            heavy = {"wasmtime", "libcst", "click", "basilisk.replica", "basilisk.testing.replica"}
            assert "basilisk.testing.plugin" in sys.modules
            assert not heavy & set(sys.modules)
        """
    )
    folder.runpytest_subprocess("-p", "basilisk.testing.plugin", "-W", "error").assert_outcomes(passed=1)


def test_without_pytest(artefact: Found, tmp_path: Path) -> None:
    """Everything but the fixtures works where pytest is not installed."""
    (tmp_path / "main.py").write_text(PROGRAM)
    script = """
import json, sys
sys.modules["pytest"] = None
from basilisk.testing import LocalReplica, expect_trap
canister = LocalReplica().deploy("main.py")
with expect_trap("ZeroDivisionError") as trap:
    canister.divide(1, 0)
print(json.dumps([canister.divide(6, 2), trap.error_code]))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "BASILISK_RUNTIME": str(artefact.path)}
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == [3, "IC0503"]
