"""The probes of patches and settings: complete, and they still fit the sources.  No runtime is built here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.determinism.patch_probes import PROBES, Probe
from tests.determinism.patch_stage import Row
from tests.determinism.variants import ROOT, BuildFailed, build_runtime, edit, patches


def test_every_patch_has_a_probe() -> None:
    """Each of our own patches, once."""
    assert sorted(probe.name for probe in PROBES if probe.group == "patches") == patches()


@pytest.mark.parametrize("probe", [probe for probe in PROBES if probe.change], ids=lambda probe: probe.name)
def test_each_change_fits_the_sources(probe: Probe, tmp_path: Path) -> None:
    """What is left out is there, and leaving it out changes one file."""
    for name in ("patches", "bridge_crate"):
        left_out = shutil.ignore_patterns("target")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    before = _contents(tmp_path)
    assert probe.change is not None
    probe.change(tmp_path)
    after = _contents(tmp_path)
    assert len({name for name in before if before[name] != after.get(name)}) == 1


def test_an_edit_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    """A text that is not there, or twice, would leave a probe without meaning."""
    (tmp_path / "file").write_text("one two two")
    edit("file", {"one": "three"})(tmp_path)
    assert (tmp_path / "file").read_text() == "three two two"
    for text in ("one", "two"):
        with pytest.raises(ValueError, match="times, not once"):
            edit("file", {text: ""})(tmp_path)


def test_a_build_that_fails_says_why() -> None:
    """The error of the build is kept."""

    def spoil(sources: Path) -> None:
        (sources / "tools" / "runtime.py").write_text("raise SystemExit('the toolchain is gone')")

    with pytest.raises(BuildFailed, match="the toolchain is gone"):
        build_runtime(spoil, lambda _text: None, {})


def test_a_row_tells_whether_there_is_a_difference() -> None:
    """By what was seen."""
    assert Row(PROBES[0], "a", "b").differs
    assert not Row(PROBES[0], "a", "a").differs


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
