"""``include`` in ``pyproject.toml``: what is packed is read back byte by byte."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from basilisk.errors import UsageError
from basilisk.runtime import Found
from basilisk.testing import LocalReplica

from .examples import configured

PROGRAM = """
from basilisk import *
import hashlib
import importlib.resources
import os
import pkgutil
import pack


def _all(folder: str) -> list[tuple[str, str]]:
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                found.append((os.path.relpath(path, folder), hashlib.sha256(file.read()).hexdigest()))
    return sorted(found)


AT_BUILD = _all("/app/data")


@query
def files() -> list[tuple[text, text]]:
    return _all("/app/data")


@query
def same_at_build() -> bool:
    return AT_BUILD == _all("/app/data")


def _resources(folder, prefix: str):
    for item in folder.iterdir():
        if item.is_dir():
            yield from _resources(item, prefix + item.name + "/")
        elif not item.name.endswith(".py"):
            data = item.read_bytes()
            assert pkgutil.get_data("pack", prefix + item.name) == data
            with item.open("rb") as file, importlib.resources.as_file(item) as path:
                assert file.read() == path.read_bytes() == data
            yield prefix + item.name, hashlib.sha256(data).hexdigest()


@query
def resources() -> list[tuple[text, text]]:
    return sorted(_resources(importlib.resources.files("pack"), ""))
"""

posix = pytest.mark.skipif(sys.platform != "linux", reason="names are Linux's")

#: What a name on Linux may be; some are awkward elsewhere.
_letters = st.characters(exclude_categories=["Cs"], exclude_characters="/\0")
names = (
    st.one_of(
        st.text(_letters, min_size=1, max_size=12),
        st.sampled_from(
            [" ", "-", "a b", "*", "[x]", "'\"", "\n", "\\", "é", "e\u0301", "😀", "~", ".x", "x."]
        ),
        st.integers(1, 255).map(lambda length: "n" * length),
    )
    .filter(lambda name: name not in (".", "..", "__pycache__", ".git", ".basilisk"))
    .filter(lambda name: len(name.encode()) <= 255 and not name.endswith((".py", ".pyc")))
)
contents = st.one_of(
    st.just(b""),
    st.binary(max_size=100),
    st.builds(lambda data, times: data * times, st.binary(min_size=1, max_size=9), st.integers(1, 60_000)),
)
trees = st.dictionaries(st.lists(names, min_size=1, max_size=3).map(tuple), contents, min_size=1, max_size=12)


def lay_out(folder: Path, files: dict[tuple[str, ...], bytes]) -> dict[str, str]:
    """Writes those files whose places are not taken; their digests by path."""
    expected = {}
    for parts, data in files.items():
        path = folder.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                file.write(data)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        expected["/".join(parts)] = hashlib.sha256(data).hexdigest()
    return expected


@posix
@configured(8)
@example(files={("empty",): b"", ("large",): bytes(range(256)) * 8192, ("d", "e", "f"): b"deep"})
@given(files=trees)
def test_what_is_packed_is_read_back(
    artefact: Found,
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[tuple[str, ...], bytes],
) -> None:
    """Property: any files, at any names that are UTF-8, are below /app as they were, at build time and in
    methods, and in a package through importlib.resources and pkgutil."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "main.py").write_text(PROGRAM, "utf-8")
    (folder / "pyproject.toml").write_text('[tool.basilisk]\ninclude = ["data"]\n', "utf-8")
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").touch()
    expected = sorted(lay_out(folder / "data", files).items())
    in_package = sorted(lay_out(folder / "pack", files).items())
    canister = LocalReplica().deploy(folder)
    assert canister.files() == expected
    assert canister.same_at_build() is True
    assert canister.resources() == in_package


def refused(folder: Path, include: str = "data") -> str:
    (folder / "main.py").write_text("from basilisk import *\n", "utf-8")
    (folder / "pyproject.toml").write_text(f'[tool.basilisk]\ninclude = ["{include}"]\n', "utf-8")
    with pytest.raises(UsageError) as caught:
        LocalReplica().deploy(folder)
    return str(caught.value)


@posix
def test_what_cannot_be_packed_is_named(artefact: Found, tmp_path: Path) -> None:
    """Names that are not UTF-8, links to folders and to nothing, pipes: an error with the file's name."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "good").touch()
    wrong = os.path.join(os.fsencode(data), b"b\xff")
    open(wrong, "w").close()
    assert "'data/b\\udcff' is not UTF-8" in refused(tmp_path)
    os.unlink(wrong)
    os.symlink("nothing", data / "dangling")
    assert "dangling cannot be packed: No such file" in refused(tmp_path)
    os.unlink(data / "dangling")
    os.mkfifo(data / "pipe")
    assert "pipe cannot be packed: it is no regular file" in refused(tmp_path)
    os.unlink(data / "pipe")
    os.symlink(tmp_path, data / "folder")
    assert "folder is a symbolic link to a folder" in refused(tmp_path)


@posix
def test_links_to_files_are_packed_as_files(artefact: Found, tmp_path: Path) -> None:
    """A link to a file, also to one elsewhere, is the file."""
    (tmp_path / "elsewhere").write_text("content", "utf-8")
    folder = tmp_path / "program"
    (folder / "data").mkdir(parents=True)
    os.symlink(tmp_path / "elsewhere", folder / "data" / "link")
    (folder / "pyproject.toml").write_text('[tool.basilisk]\ninclude = ["data"]\n', "utf-8")
    (folder / "main.py").write_text(
        "from basilisk import *\nimport os\n\n@query\ndef look() -> tuple[text, bool]:\n"
        "    return open('data/link').read(), os.path.islink('data/link')\n",
        "utf-8",
    )
    assert LocalReplica().deploy(folder).look() == ("content", False)
