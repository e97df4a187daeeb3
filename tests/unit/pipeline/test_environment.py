"""Where packages are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from basilisk.build.environment import environment_folders, lookup

from .conftest import Tree


def test_virtual_env_is_used_when_it_is_not_this_python(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """The active environment counts, with the folders that its .pth files name."""
    root = tree(
        {
            "env/lib/python3.12/site-packages/a.py": "",
            "env/lib/python3.12/site-packages/link.pth": "# x\nimport nothing\n../../../../linked\nmissing\n",
            "linked/b.py": "",
        }
    )
    monkeypatch.setenv("VIRTUAL_ENV", str(root / "env"))
    assert environment_folders() == (root / "env/lib/python3.12/site-packages", (root / "linked").resolve())


def test_this_python_without_its_standard_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the standard library nor the current folder nor this checkout are places for packages."""
    extra = tmp_path / "extra"
    extra.mkdir()
    monkeypatch.setattr(sys, "path", ["", *sys.path, str(extra)])
    folders = environment_folders()
    assert extra.resolve() in folders
    assert Path.cwd() not in folders
    assert not any((folder / "os.py").exists() for folder in folders)
    assert not any((folder / "basilisk" / "errors.py").exists() for folder in folders)


@pytest.mark.parametrize(
    ("files", "name", "file", "native"),
    [
        (["m.py"], "m", "m.py", False),
        (["m.py", "m/__init__.py"], "m", "m/__init__.py", False),
        (["m.py", "m.cpython-312-darwin.so"], "m", "m.py", False),
        (["m/x.py", "m.py"], "m", "m.py", False),
        (["m/__init__.abi3.so"], "m", "m/__init__.abi3.so", True),
        (["m.pyd"], "m", "m.pyd", True),
        (["m/x.py"], "m", None, False),
    ],
)
def test_lookup_takes_packages_first_and_sources_before_extensions(
    tree: Tree, files: list[str], name: str, file: str | None, native: bool
) -> None:
    """Package, source file, native extension, namespace package."""
    root = tree(dict.fromkeys(files, ""))
    found = lookup(root, name)
    assert found is not None
    assert found.native is native
    assert found.file == (root / file if file is not None else None)


def test_lookup_is_exact_about_case(tree: Tree) -> None:
    """``import Main`` does not find main.py, whatever the file system says."""
    assert lookup(tree({"main.py": ""}), "Main") is None
