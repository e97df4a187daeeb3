"""The wheel: in an empty environment of several Pythons it builds and runs a canister at once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tools.wheel import INSIDE, build_wheel

ROOT = Path(__file__).resolve().parents[2]
MINORS = range(10, 15)
WANTED = 2
"""Pythons to try: the oldest and the newest that are installed."""

PROGRAM = """\
from basilisk import query, text


@query
def greet(name: text) -> text:
    return f"Hello, {name}!"
"""


TEST = """\
def test_greeting(deploy):
    assert deploy("main.py").greet("World") == "Hello, World!"
"""

PYTEST = {
    "exceptiongroup",
    "iniconfig",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "tomli",
    "typing-extensions",
}
"""pytest and what it needs on any Python."""


def locked(names: set[str]) -> str:
    """The entries of these packages in the project's lock file, hashes included."""
    text = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    entries = re.findall(r"^[a-z].*?(?<!\\)$", text, re.MULTILINE | re.DOTALL)
    return "\n".join(entry for entry in entries if entry.partition("==")[0] in names)


def interpreters() -> list[Path]:
    """Pythons from 3.10 up that can make virtual environments, one for each minor version."""
    found = []
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in MINORS:
        on_path = shutil.which(f"python3.{minor}")
        candidates = [*sorted(pyenv.glob(f"3.{minor}.*/bin/python3")), *([Path(on_path)] if on_path else [])]
        for candidate in candidates:
            probe = f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, {minor}))"
            if subprocess.run([candidate, "-c", probe], capture_output=True, check=False).returncode == 0:
                found.append(candidate)
                break
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    from basilisk.runtime.lookup import find

    artefact = find()
    assert artefact is not None, "these tests need the runtime: run them with ./dev test-runtime"
    return build_wheel(tmp_path_factory.mktemp("wheel"), artefact.path)


def test_the_wheel_is_the_same_twice(wheel: Path, tmp_path: Path) -> None:
    """Two builds of one checkout give the same bytes, and the artefact is inside once."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        artefact = tmp_path / "runtime.wasm.zst"
        artefact.write_bytes(archive.read(INSIDE))
    assert build_wheel(tmp_path / "again", artefact).read_bytes() == wheel.read_bytes()
    assert [name for name in names if name.endswith(".zst")] == [INSIDE]
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests", "tools"))]


@pytest.mark.parametrize("position", [0, -1], ids=["oldest", "newest"])
def test_an_empty_environment_builds_and_runs(wheel: Path, tmp_path: Path, position: int) -> None:
    """`basilisk build` and `basilisk run` work with what the wheel and its dependencies bring."""
    pythons = interpreters()
    if len(pythons) < WANTED:
        pytest.skip(f"needs {WANTED} Pythons from 3.10 up; this machine has {len(pythons)}")
    environment = tmp_path / "environment"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BASILISK"))}
    clean |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONWARNINGS": "error"}
    pip_env = {name: value for name, value in clean.items() if name != "PYTHONWARNINGS"}
    pip_env.pop("XDG_CACHE_HOME")

    def run(*command: str | Path, env: dict[str, str]) -> str:
        answer = subprocess.run(
            command,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert answer.returncode == 0, f"{command}: {answer.stdout}{answer.stderr}"
        return answer.stdout

    run(pythons[position], "-m", "venv", environment, env=pip_env)
    pip = (environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "run.txt", env=pip_env)
    run(*pip, "--no-index", "--no-deps", wheel, env=pip_env)

    (tmp_path / "main.py").write_text(PROGRAM)
    basilisk = environment / "bin" / "basilisk"
    run(basilisk, "build", "main.py", "--output", "out", env=clean)
    assert {path.suffix for path in (tmp_path / "out").iterdir()} >= {".wasm", ".gz", ".did"}
    assert "Hello, World!" in run(basilisk, "run", "main.py", "greet", '("World")', env=clean)

    # With pytest beside it, the plug-in is there without a word.
    (tmp_path / "pytest.txt").write_text(locked(PYTEST))
    run(*pip, "--require-hashes", "-r", tmp_path / "pytest.txt", env=pip_env)
    (tmp_path / "test_main.py").write_text(TEST)
    said = run(environment / "bin" / "python", "-m", "pytest", "-q", "test_main.py", env=clean)
    assert "1 passed" in said
