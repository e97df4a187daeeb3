"""From the wheel of tzdata to modules of the blob."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdlib_bundler import bundle, format, zones
from stdlib_bundler.collect import Source
from stdlib_bundler.compiler import compile_source

ZONE = b"TZif2 and more"
GOOD = {
    "tzdata/__init__.py": b'IANA_VERSION = "2000a"\n',
    "tzdata/zones": b"UTC\nEurope/Bern\n",
    "tzdata/zoneinfo/__init__.py": b"",
    "tzdata/zoneinfo/UTC": ZONE,
    "tzdata/zoneinfo/zone.tab": b"a table",
    "tzdata/zoneinfo/Europe/__init__.py": b"",
    "tzdata/zoneinfo/Europe/Bern": ZONE + b"!",
    "tzdata-1.dist-info/METADATA": b"Name: tzdata\n",
}


def wheel(folder: Path, files: dict[str, bytes]) -> Path:
    """A wheel with these files."""
    path = folder / "zones.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def contents(module: Source) -> dict[str, bytes]:
    """What a module of files says."""
    scope: dict[str, dict[str, bytes]] = {}
    exec(module.text, scope)
    return scope["FILES"]


def test_packages_and_their_files_become_modules(tmp_path: Path) -> None:
    """Tables for humans and the wheel's metadata stay behind."""
    found = {source.name: source for source in zones.modules(wheel(tmp_path, GOOD))}
    assert list(found) == sorted(found)
    assert {name for name, source in found.items() if source.package} == {
        "tzdata",
        "tzdata.zoneinfo",
        "tzdata.zoneinfo.Europe",
    }
    assert contents(found["tzdata._files"]) == {"zones": GOOD["tzdata/zones"]}
    assert contents(found["tzdata.zoneinfo._files"]) == {"UTC": ZONE}
    assert contents(found["tzdata.zoneinfo.Europe._files"]) == {"Bern": ZONE + b"!"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tzdata/zones": None}, "no list of zones"),
        ({"tzdata/zoneinfo/Europe/__init__.py": None}, "no packages: tzdata/zoneinfo/Europe"),
        ({"tzdata/zoneinfo/Europe/Bern": b"no zone"}, "Bern is no time zone"),
        ({"tzdata/zoneinfo/Europe/Bern": None}, "listed but absent: tzdata/zoneinfo/Europe/Bern"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, change: dict[str, bytes | None], message: str) -> None:
    """A wheel in which the zones lie elsewhere must not give a library without them."""
    files = {name: data for name, data in {**GOOD, **change}.items() if data is not None}
    with pytest.raises(zones.ZonesFault, match=message):
        zones.modules(wheel(tmp_path, files))


def test_no_wheel_is_refused(tmp_path: Path) -> None:
    """Neither a missing file nor one that is no archive ends in a traceback."""
    (tmp_path / "text.whl").write_text("no archive")
    for name in ("missing.whl", "text.whl"):
        with pytest.raises(zones.ZonesFault, match=name):
            zones.modules(tmp_path / name)


NAMES = st.text("ABCxyz_+-0123", min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.binary(max_size=300).map(ZONE.__add__), max_size=6))
def test_every_file_comes_back(files: dict[str, bytes]) -> None:
    """Whatever bytes a zone has, the compiled module gives them back under the zone's name."""
    with tempfile.TemporaryDirectory() as folder:
        packed = {f"tzdata/zoneinfo/{name}": data for name, data in files.items()}
        path = wheel(Path(folder), {**GOOD, **packed})
        (module,) = [source for source in zones.modules(path) if source.name == "tzdata.zoneinfo._files"]
    assert compile_source(module)
    assert contents(module) == {"UTC": ZONE, **files}


def test_zones_are_part_of_the_blob(tmp_path: Path) -> None:
    """The bundle holds them beside the library's own modules."""
    lib = tmp_path / "Lib"
    lib.mkdir()
    (lib / "textwrap.py").write_text("WIDTH = 70\n")
    blob = bundle.build(lib, zones=zones.modules(wheel(tmp_path, GOOD)))
    modules = format.read(format.write(blob)).modules()
    assert modules["tzdata.zoneinfo.Europe"].package
    assert not modules["tzdata.zoneinfo.Europe._files"].package
