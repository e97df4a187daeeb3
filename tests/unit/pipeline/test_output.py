"""Files are written completely or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.build.output import write_outputs
from basilisk.build.stamp import Stamp
from basilisk.errors import EnvironmentFault
from basilisk.runtime import cache


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_new_folders_and_files(tmp_path: Path) -> None:
    """Missing folders are made; the files have the usual mode."""
    write_outputs({tmp_path / "a/b/x": b"1", tmp_path / "a/y": b"2"})
    assert listing(tmp_path) == ["a", "a/b", "a/b/x", "a/y"]
    assert stat.S_IMODE((tmp_path / "a/y").stat().st_mode) == 0o666 & ~cache._umask()


@pytest.mark.parametrize("failing", ["first", "second"])
def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    """Old files stay, no temporary file and no new folder is left, and the remedy says what to do."""
    (tmp_path / "old").write_bytes(b"old")
    real = os.fsync
    calls = []

    def full(handle: int) -> None:
        calls.append(handle)
        if failing == "first" or len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match="No space left") as caught:
        write_outputs({tmp_path / "old": b"new", tmp_path / "more/deep/file": b"new"})
    assert "make room" in str(caught.value.remedy)
    assert "--output" in str(caught.value.remedy)
    assert listing(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    """The message names the place."""
    (tmp_path / "out").write_text("")
    with pytest.raises(EnvironmentFault, match="out") as caught:
        write_outputs({tmp_path / "out" / "x": b""})
    assert "a file stands where a folder is needed" in str(caught.value.remedy)
    assert listing(tmp_path) == ["out"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    """The message names the file and the remedy."""
    tmp_path.chmod(0o500)
    with pytest.raises(EnvironmentFault, match="Permission denied") as caught:
        write_outputs({tmp_path / "x": b""})
    assert "make the folder writable" in str(caught.value.remedy)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """Storing says False, reading says None."""
    (tmp_path / "file").write_text("")
    assert not cache.store_cached(tmp_path / "file" / "entry", b"x")
    assert cache.read_cached(tmp_path / "file" / "entry") is None


def test_pruning_keeps_the_newest(tmp_path: Path) -> None:
    """The oldest entries go; a folder that is not there is no error."""
    for number in range(5):
        (tmp_path / str(number)).write_text("")
        os.utime(tmp_path / str(number), (number, number))
    cache.prune(tmp_path, 2)
    assert listing(tmp_path) == ["3", "4"]
    cache.prune(tmp_path / "nowhere", 2)


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """XDG_CACHE_HOME counts when it is absolute."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "basilisk"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache.cache_folder() == tmp_path / "home" / ".cache" / "basilisk"


text = st.text(max_size=10)


@given(
    text,
    st.dictionaries(text, text, max_size=3),
    st.dictionaries(text.filter(lambda key: key not in ("inputs", "outputs")), st.lists(text), max_size=3),
)
def test_stamps_survive(inputs: str, outputs: dict[str, str], facts: dict[str, list[str]]) -> None:
    """``read(to_bytes(s)) == s`` for all stamps."""
    import tempfile

    stamp = Stamp(inputs, outputs, facts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stamp")
        path.write_bytes(stamp.to_bytes())
        assert Stamp.read(path) == stamp


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"inputs": "", "outputs": 1}', b"\xff", b"null"])
def test_damaged_stamps_are_ignored(tmp_path: Path, content: bytes) -> None:
    """A stamp that cannot be understood means: build."""
    (tmp_path / "stamp").write_bytes(content)
    assert Stamp.read(tmp_path / "stamp") is None


def test_a_stamp_matches_whole_results_only(tmp_path: Path) -> None:
    """Changed, missing or other results are built again."""
    import hashlib

    stamp = Stamp("abc", {"x": hashlib.sha256(b"1").hexdigest()}, {})
    assert not stamp.matches("abc", tmp_path)
    (tmp_path / "x").write_bytes(b"1")
    assert stamp.matches("abc", tmp_path)
    assert not stamp.matches("other", tmp_path)
    (tmp_path / "x").write_bytes(b"2")
    assert not stamp.matches("abc", tmp_path)
    assert not Stamp("abc", {}, {}).matches("abc", tmp_path)
