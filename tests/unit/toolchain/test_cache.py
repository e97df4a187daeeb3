"""The cache: keys follow the inputs, and nothing half-finished ever has a final name."""

from __future__ import annotations

import dataclasses
import io
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpython.cache import cache_root, digest, locked, remove_tree, staged, tree_digest
from cpython.cross import cpython_key
from cpython.faults import BuildFault
from cpython.pins import load_pins
from cpython.progress import Progress
from tools.assemble import runtime_key


@given(st.lists(st.text()), st.lists(st.text()))
def test_different_inputs_have_different_keys(one: list[str], other: list[str]) -> None:
    """Two lists of parts have one key only when they are equal: no joining can make them collide."""
    assert (digest(*one) == digest(*other)) == (one == other)


def test_a_tree_s_key_follows_names_and_contents(tmp_path: Path) -> None:
    """A changed byte, a new name and a moved file count; times and leftovers of tools do not."""
    (tmp_path / "a" / "sub").mkdir(parents=True)
    (tmp_path / "a" / "sub" / "x.py").write_text("1")
    first = tree_digest(tmp_path, ["a"])
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "x.pyc").write_text("junk")
    (tmp_path / "a" / "target").mkdir()
    (tmp_path / "a" / "target" / "debris").write_text("junk")
    (tmp_path / "a" / "sub" / "x.py").touch()
    assert tree_digest(tmp_path, ["a"]) == first
    (tmp_path / "a" / "sub" / "x.py").write_text("2")
    second = tree_digest(tmp_path, ["a"])
    (tmp_path / "a" / "sub" / "x.py").rename(tmp_path / "a" / "x.py")
    assert len({first, second, tree_digest(tmp_path, ["a"])}) == 3


def test_the_runtime_s_key_follows_the_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another source, another package list: another CPython and another runtime."""
    monkeypatch.delenv("WASI_SDK_PATH", raising=False)
    pins = load_pins()
    zlib = dataclasses.replace(pins.sources["zlib"], sha256="0" * 64)
    other_source = dataclasses.replace(pins, sources={**pins.sources, "zlib": zlib})
    other_packages = dataclasses.replace(pins, packages=(*pins.packages, "more"))
    all_pins = (pins, other_source, other_packages)
    assert len({cpython_key(each) for each in all_pins}) == 3
    assert len({runtime_key(each) for each in all_pins}) == 3
    assert runtime_key(pins) == runtime_key(load_pins())


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    """The folder vanishes with the error; the next try starts afresh."""
    final = tmp_path / "kind" / "key"
    with pytest.raises(RuntimeError), staged(final) as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    assert not any((tmp_path / "kind").iterdir())
    with staged(final) as folder:
        (folder / "whole").write_text("x")
    assert [path.name for path in final.iterdir()] == ["whole"]


def test_what_a_killed_build_left_is_replaced(tmp_path: Path) -> None:
    """A leftover under the temporary name neither counts nor stands in the way."""
    leftover = tmp_path / ".key.partial"
    leftover.mkdir()
    (leftover / "half").write_text("x")
    (leftover / "closed").mkdir(mode=0o500)
    with staged(tmp_path / "key") as folder:
        assert not any(folder.iterdir())
    assert not leftover.exists()


def test_a_lock_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second holder says that it waits, and enters after the first has left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said: list[str] = []
    order: list[str] = []

    def second() -> None:
        with locked("x", said.append):
            order.append("second")

    with locked("x"):
        thread = threading.Thread(target=second)
        thread.start()
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert "waiting" in said[0]


def test_the_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME counts when it is absolute, as its specification says."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_root() == tmp_path / "basilisk"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_root() == tmp_path / "home" / ".cache" / "basilisk"


def test_removing_a_tree_does_not_follow_links(tmp_path: Path) -> None:
    """A link inside is removed, what it points at stays."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    remove_tree(tmp_path / "gone")
    assert (tmp_path / "kept" / "file").exists()
    assert not (tmp_path / "gone").exists()


def test_a_failing_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """The message holds the last lines, the exit code, the log's place and the remedy."""
    stream = io.StringIO()
    progress = Progress(tmp_path, stream)
    script = "for i in 1 2 3; do echo line $i; done; echo oh no >&2; exit 7"
    with pytest.raises(BuildFault) as caught:
        progress.run("a step", ["sh", "-c", script], log="step", remedy="do better")
    text = str(caught.value)
    assert "exit code 7" in text
    assert "| oh no" in text
    assert str(tmp_path / "step.log") in text
    assert "do better" in text
    assert "a step" in stream.getvalue()


def test_a_command_that_is_missing_is_named(tmp_path: Path) -> None:
    """No traceback for a tool that is not there."""
    with pytest.raises(BuildFault, match="no-such-tool"):
        Progress(tmp_path, io.StringIO()).run("a step", ["no-such-tool"], log="x", remedy="install it")
