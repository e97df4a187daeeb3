"""Every block of Python in docs/testing-canisters.md is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# pytester forgets the modules that an inner run imports first; these are slow to import again.
import basilisk.build.pipeline
import basilisk.testing.conversation
import basilisk.testing.transcript
import basilisk.toolbox  # noqa: F401
from basilisk.runtime import Found
from basilisk.runtime.cache import cache_folder
from tests.inner_pytest import run_pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
CACHE = cache_folder().parent
PAGE = (ROOT / "docs" / "testing-canisters.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", PAGE, re.DOTALL))
TESTS = [name for name in BLOCKS if name.startswith("test_")]


def test_every_block_has_a_name() -> None:
    """So that none is left out."""
    assert len(BLOCKS) == PAGE.count("```python")
    assert len(TESTS) > 10


@pytest.mark.parametrize("name", TESTS)
def test_the_example_holds(
    name: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, artefact: Found
) -> None:
    """One block in a folder of its own, with the examples and the page's programs beside it."""
    # pytester moves HOME, and with it the user's cache of builds.
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    monkeypatch.setenv("BASILISK_RUNTIME", str(artefact.path))
    (pytester.path / "examples").symlink_to(ROOT / "examples")
    for program in BLOCKS.keys() - set(TESTS):
        (pytester.path / program).write_text(BLOCKS[program], "utf-8")
    (pytester.path / name).write_text(BLOCKS[name], "utf-8")
    result = run_pytest(pytester, name)
    assert result.ret == pytest.ExitCode.OK, "\n".join(result.outlines)
    assert result.parseoutcomes().keys() == {"passed"}
