"""Packages for the library come from the cache, a named folder or pip, and only with the pinned bytes."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from cpython.faults import BuildFault
from cpython.pins import Wheel, load_pins
from cpython.progress import Progress
from cpython.wheels import fetch_wheel

CONTENT = b"a wheel"
WHEEL = Wheel("zones", "1.0", "zones-1.0-py3-none-any.whl", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Progress:
    """A cache of its own, and no folder of sources."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("BASILISK_SOURCES", raising=False)
    return Progress(tmp_path / "logs")


def pip(monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> list[list[str]]:
    """Stand in for pip: it writes ``content``, or fails; returns the list of its command lines."""
    calls: list[list[str]] = []

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        if content is None:
            return subprocess.CompletedProcess(command, 1, "", "no such host")
        folder = Path(command[command.index("--dest") + 1])
        (folder / WHEEL.file).write_bytes(content)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_a_wheel_is_fetched_once(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is told the hash; the second time the cache answers."""
    calls = pip(monkeypatch, CONTENT)
    first = fetch_wheel(WHEEL, progress)
    assert first.read_bytes() == CONTENT
    assert "--require-hashes" in calls[0]
    assert fetch_wheel(WHEEL, progress) == first
    assert len(calls) == 1


def test_a_damaged_copy_in_the_cache_is_fetched_again(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is not trusted either."""
    calls = pip(monkeypatch, CONTENT)
    fetch_wheel(WHEEL, progress).write_bytes(b"damaged")
    assert fetch_wheel(WHEEL, progress).read_bytes() == CONTENT
    assert len(calls) == 2


def test_a_named_folder_spares_the_network(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """BASILISK_SOURCES comes before pip."""
    calls = pip(monkeypatch, None)
    (tmp_path / WHEEL.file).write_bytes(CONTENT)
    monkeypatch.setenv("BASILISK_SOURCES", str(tmp_path))
    assert fetch_wheel(WHEEL, progress).read_bytes() == CONTENT
    assert calls == []


@pytest.mark.parametrize(("content", "cause"), [(None, "no such host"), (b"another wheel", "fetched no")])
def test_without_the_right_bytes_there_is_no_wheel(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, content: bytes | None, cause: str
) -> None:
    """The fault says what failed and which file to provide."""
    pip(monkeypatch, content)
    with pytest.raises(BuildFault, match=cause) as caught:
        fetch_wheel(WHEEL, progress)
    assert WHEEL.sha256 in str(caught.value)


def test_the_pinned_wheels_name_their_version() -> None:
    """The file's name holds the version that the documents name."""
    for wheel in load_pins().wheels.values():
        assert wheel.file.startswith(f"{wheel.name}-{wheel.version}-")
