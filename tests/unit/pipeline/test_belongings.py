"""Installed packages: data files, metadata, what is left out, imports that are moved."""

from __future__ import annotations

import pytest

from basilisk.build.collect import collect
from basilisk.build.deferral import defer_refused
from basilisk.build.distributions import Distribution, normalised
from basilisk.build.environment import environment_folders
from basilisk.build.modules import Collection
from basilisk.build.project import Project, resolve
from basilisk.build.visitor import facts_of
from basilisk.errors import UsageError
from basilisk.runtime.stdlib import StdlibIndex

from .conftest import Tree

METADATA = (
    "Metadata-Version: 2.1\nName: My.Lib\nVersion: 1.2\nRequires-Dist: data_pkg>=1; python_version>'3'\n"
    "Requires-Dist: extra-one; extra == 'x'\nDescription: long\n        text\nLicense: MIT\n\nbody\n"
)
INSTALLED = {
    "site/lib/__init__.py": "",
    "site/lib/data/table.txt": "cells",
    "site/lib/fast.cpython-313.so": "",
    "site/lib/py.typed": "",
    "site/lib/tests/__init__.py": "",
    "site/lib/tests/big.txt": "not packed",
    "site/My.Lib-1.2.dist-info/METADATA": METADATA,
    "site/My.Lib-1.2.dist-info/RECORD": "lib/__init__.py,sha256=x,1\nlib/data/table.txt,,\n",
    "site/My.Lib-1.2.dist-info/entry_points.txt": "[group]\nname = lib:f\n",
    "site/data_pkg/__init__.py": "",
    "site/data_pkg/zones/__init__.py": "",
    "site/data_pkg/zones/one": "zone",
    "site/data_pkg-3.dist-info/METADATA": "Name: data-pkg\nVersion: 3\n",
    "site/data_pkg-3.dist-info/RECORD": "data_pkg/__init__.py,,\ndata_pkg/zones/__init__.py,,\n",
}


def gather(
    tree: Tree, stdlib: StdlibIndex, files: dict[str, str], include: tuple[str, ...] = ()
) -> Collection:
    root = tree({**INSTALLED, **files})
    project = resolve(str(root / "main.py"))
    project = Project(project.name, project.entry, project.root, include)
    return collect(project, stdlib, (root / "site",))


def test_metadata_goes_along_and_data_that_nothing_reads_does_not(tree: Tree, stdlib: StdlibIndex) -> None:
    """Headers without the description, entry points, the names to import; the report counts the rest."""
    found = gather(tree, stdlib, {"main.py": "import lib"})
    assert set(found.data) == {
        f"My.Lib-1.2.dist-info/{n}" for n in ("METADATA", "entry_points.txt", "top_level.txt")
    }
    kept = found.data["My.Lib-1.2.dist-info/METADATA"].decode()
    assert "License: MIT" in kept and "long" not in kept and "text" not in kept and "body" not in kept
    assert found.data["My.Lib-1.2.dist-info/top_level.txt"] == b"lib\n"
    program, package = found.packages
    assert (program.name, program.modules) == ("", {"main": len("import lib")})
    assert (package.name, package.version, package.unread) == ("My.Lib", "1.2", 1)


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "import lib\nfrom importlib import resources"},
        {"main.py": "import lib", "site/lib/__init__.py": "import pkgutil\npkgutil.get_data('lib', 'x')"},
        {"main.py": "import lib", "site/lib/__init__.py": "open(__file__)"},
    ],
)
def test_data_files_go_along_when_something_could_read_them(
    tree: Tree, stdlib: StdlibIndex, files: dict[str, str]
) -> None:
    """A module of the package or of the program; code, markers and other packages' files stay out."""
    found = gather(tree, stdlib, files)
    assert found.data["lib/data/table.txt"] == b"cells"
    assert not {name for name in found.data if "tests" in name or "typed" in name or name.endswith(".so")}


def test_a_required_package_of_data_is_found_by_its_name_in_a_text(tree: Tree, stdlib: StdlibIndex) -> None:
    """What a package requires, names and could read comes whole, subpackages too."""
    reads = {"site/lib/__init__.py": "from importlib.resources import files\nfiles('data_pkg')"}
    found = gather(tree, stdlib, {"main.py": "import lib", **reads})
    assert {"data_pkg", "data_pkg.zones"} <= set(found.modules)
    assert found.data["data_pkg/zones/one"] == b"zone"


def test_modules_that_the_program_names_in_texts(tree: Tree, stdlib: StdlibIndex) -> None:
    """Dotted names, of installed packages and of the library; the longest part that is a module counts."""
    source = "import lib\nx = ['lib.plug.Class', 'json.decoder.x', 'main.x', 'no.where']"
    found = gather(tree, stdlib, {"main.py": source, "site/lib/plug.py": ""})
    assert set(found.modules) == {"main", "lib", "lib.plug"}
    assert {"json", "json.decoder"} <= found.library


def test_distributions_that_are_asked_for_by_name(tree: Tree, stdlib: StdlibIndex) -> None:
    """``version("…")`` needs the metadata of a package that is not imported."""
    source = "try:\n from importlib.metadata import version\nexcept ImportError: pass\nversion('Data_PKG')"
    found = gather(tree, stdlib, {"main.py": source})
    assert "data_pkg-3.dist-info/METADATA" in found.data


def test_requirements_without_extras(tree: Tree) -> None:
    """Names are normalised; what only an extra needs is left aside."""
    root = tree(INSTALLED)
    assert Distribution(root / "site" / "My.Lib-1.2.dist-info").requires == {"data-pkg"}
    assert normalised("A_.b--C") == "a-b-c"


@pytest.mark.parametrize(
    ("source", "names", "unchanged"),
    [
        ("import socket\n", ("socket",), False),
        ("import socket as s  # why\n", ("socket",), False),
        ("if 1:\n    import socket\n", (), True),
        ("try:\n import socket\nexcept ImportError: pass\n", (), True),
        ("import json, socket\n", (), True),
        ("from socket import x\n", (), True),
        ('"""\nimport socket\n"""\n', (), True),
        ("import socket\nthis is no Python\n", (), True),
    ],
)
def test_refused_imports_at_the_top_are_moved(
    stdlib: StdlibIndex, source: str, names: tuple[str, ...], unchanged: bool
) -> None:
    """Only whole statements that would fail; the number of lines stays."""
    changed, found = defer_refused(source.encode(), stdlib)
    assert found == names
    assert (changed == source.encode()) is unchanged
    assert changed.count(b"\n") == source.count("\n")


def test_a_moved_import_fails_where_it_is_used(stdlib: StdlibIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object asks for the module each time."""
    import sys

    changed, _ = defer_refused(b"import socket as s\n", stdlib)
    space: dict[str, object] = {}
    exec(changed, space)
    monkeypatch.setitem(sys.modules, "socket", None)
    with pytest.raises(ModuleNotFoundError):
        _ = space["s"].anything  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("condition", "branch"),
    [
        ("TYPE_CHECKING", "no"),
        ("not TYPE_CHECKING", "yes"),
        ("sys.platform == 'win32'", "no"),
        ("sys.platform != 'win32'", "yes"),
        ("'nt' == os.name", "no"),
        ("sys.platform.startswith('win')", "no"),
        ("sys.platform.startswith('wasi')", "yes"),
        ("sys.version_info >= (3, 11)", "yes"),
        ("sys.version_info < (3, 13)", "no"),
        ("sys.version_info <= (3, 13)", "no"),
        ("(3, 14) <= sys.version_info", "no"),
        ("sys.version_info[0] == 2", "no"),
        ("sys.version_info[:2] >= (3, 13)", "yes"),
        ("sys.version_info.major < 3", "no"),
        ("sys.implementation.name == 'pypy'", "no"),
        ("platform.python_implementation() == 'PyPy'", "no"),
        ("TYPE_CHECKING or sys.platform == 'win32'", "no"),
        ("unknown or sys.version_info >= (3,)", "yes"),
        ("unknown and sys.version_info < (3,)", "no"),
        ("sys.version_info >= (3, 13, 2)", "both"),
        ("unknown", "both"),
        ("sys.version_info > other", "both"),
    ],
)
def test_conditions_that_are_known_beforehand(condition: str, branch: str) -> None:
    """Imports of a branch that cannot run are none; those of one that must run are not optional."""
    facts = facts_of(f"if {condition}:\n import yes\nelse:\n import no\n")
    both = {"yes", "no"}
    assert {fact.module for fact in facts.imports} == (both if branch == "both" else {branch})
    assert all(fact.optional is (branch == "both") for fact in facts.imports)


def test_a_named_environment(tree: Tree) -> None:
    """The folder of a virtual environment, or an interpreter; else an error that says what is expected."""
    import sys
    from pathlib import Path

    root = tree({"env/lib/python3.12/site-packages/a.py": "", ".venv/lib/python3.13/site-packages/b.py": ""})
    assert environment_folders(python=root / "env") == (root / "env/lib/python3.12/site-packages",)
    assert environment_folders(root)[-1] == root / ".venv/lib/python3.13/site-packages"
    folders = environment_folders(python=Path(sys.executable))
    assert folders and not any((folder / "os.py").exists() for folder in folders)
    with pytest.raises(UsageError, match="no Python environment"):
        environment_folders(python=root / "nowhere")
