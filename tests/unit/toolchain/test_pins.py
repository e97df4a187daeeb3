"""The pins are whole, and every place that repeats one says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cpython.cross import REPOSITORY
from cpython.faults import BuildFault
from cpython.pins import PINS_FILE, load_pins


def test_the_pins_load() -> None:
    """Every source has a checksum, a folder for patches and a Debian source package."""
    pins = load_pins()
    assert pins.sources["cpython"].version == "3.13.5"
    for source in pins.sources.values():
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
        assert source.package
        assert source.version in source.file.replace("really", "")
        assert all(url.startswith("https://") for url in source.urls)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data["sources"]["zlib"].update(sha256="abc"), "not a SHA-256"),
        (lambda data: data["sources"]["zlib"].pop("sha256"), "cannot be read"),
        (lambda data: data["sources"]["zlib"].update(colour="red"), "cannot be read"),
        (lambda data: data.pop("packages"), "cannot be read"),
        (lambda data: data["packages"].reverse(), "sorted"),
    ],
)
def test_a_damaged_pin_file_is_refused(tmp_path: Path, change: object, message: str) -> None:
    """A missing or malformed checksum is an error, never a warning."""
    data = json.loads(PINS_FILE.read_text())
    change(data)  # type: ignore[operator]
    damaged = tmp_path / "pins.json"
    damaged.write_text(json.dumps(data))
    with pytest.raises(BuildFault, match=message):
        load_pins(damaged)


def test_the_containerfile_installs_the_pinned_packages() -> None:
    """The container image and the root folder in the cache are made from one list."""
    pins = load_pins()
    text = (REPOSITORY / "Containerfile").read_text()
    assert re.search(rf"^FROM debian:{pins.suite}\b", text, re.MULTILINE)
    listed = re.search(r"# packages: begin\n(.*?)# packages: end", text, re.DOTALL)
    assert listed is not None
    assert re.findall(r"^ +([a-z0-9.+-]+) \\$", listed[1], re.MULTILINE) == list(pins.packages)


def test_requirements_have_hashes_and_name_no_index() -> None:
    """pip takes the index from the user's configuration; each file it fetches is checked."""
    for name in ("run", "dev"):
        text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert "index-url" not in text
        for requirement in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[\w.-]+==\S+", requirement), requirement.splitlines()[0]
            assert "--hash=sha256:" in requirement


def test_the_lock_covers_every_dependency() -> None:
    """Each dependency of pyproject.toml is in requirements/run.txt, and all of that is in dev.txt."""
    project = (REPOSITORY / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert block is not None
    wanted = {name.lower() for name in re.findall(r'"([\w.-]+)', block[1])}
    locked = {}
    for name in ("run", "dev"):
        text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
        locked[name] = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
    assert wanted <= locked["run"] <= locked["dev"]
