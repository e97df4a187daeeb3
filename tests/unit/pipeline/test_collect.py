"""The collect stage: which modules a program is made of, as a table of fixture projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from basilisk.build.collect import collect
from basilisk.build.modules import Collection
from basilisk.build.project import Project, resolve
from basilisk.errors import ProgramError, UsageError
from basilisk.runtime.stdlib import StdlibIndex

from .conftest import Tree


def gather(root: Path, stdlib: StdlibIndex, include: tuple[str, ...] = ()) -> Collection:
    project = resolve(str(root / "main.py"))
    project = Project(project.name, project.entry, project.root, include)
    return collect(project, stdlib, (root / "site",))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"main.py": "import json, os.path, time, collections.abc"}, {"main"}, id="stdlib is not collected"
        ),
        pytest.param(
            {"main.py": "from basilisk import query\nimport kybra"}, {"main"}, id="our own packages"
        ),
        pytest.param(
            {"main.py": "import a", "a.py": "import b", "b.py": "import a"}, {"main", "a", "b"}, id="cycle"
        ),
        pytest.param(
            {
                "main.py": "from p import x, y",
                "p/__init__.py": "y = 1",
                "p/x.py": "from . import z",
                "p/z.py": "",
            },
            {"main", "p", "p.x", "p.z"},
            id="a name may be a submodule or an attribute",
        ),
        pytest.param(
            {
                "main.py": "import p.q.r",
                "p/__init__.py": "",
                "p/q/__init__.py": "from ..s import t",
                "p/q/r.py": "",
                "p/s.py": "",
            },
            {"main", "p", "p.q", "p.q.r", "p.s"},
            id="parents come along",
        ),
        pytest.param({"main.py": "import n.m", "n/m.py": ""}, {"main", "n", "n.m"}, id="namespace package"),
        pytest.param(
            {"main.py": "import n.a, n.b", "n/a.py": "", "site/n/b.py": ""},
            {"main", "n", "n.a", "n.b"},
            id="the program's namespace package hides nothing",
        ),
        pytest.param(
            {"main.py": "import lib", "lib.py": "", "site/lib.py": "import other"},
            {"main", "lib"},
            id="beside first",
        ),
        pytest.param(
            {
                "main.py": "import lib",
                "site/lib/__init__.py": "from . import a",
                "site/lib/a.py": "import json",
            },
            {"main", "lib", "lib.a"},
            id="installed package",
        ),
        pytest.param(
            {"main.py": "import socket", "socket.py": ""},
            {"main", "socket"},
            id="a refused name may be the program's",
        ),
        pytest.param(
            {"main.py": "try:\n import nothing\nexcept ImportError:\n nothing = None"}, {"main"}, id="guarded"
        ),
        pytest.param(
            {"main.py": "import lib", "site/lib.py": "import nowhere\nimport socket"},
            {"main", "lib"},
            id="lenient",
        ),
        pytest.param(
            {"main.py": "import importlib\nimportlib.import_module('plug')", "plug.py": ""},
            {"main", "plug"},
            id="dynamic",
        ),
        pytest.param({"main.py": "if TYPE_CHECKING:\n import nothing"}, {"main"}, id="typing only"),
    ],
)
def test_modules(tree: Tree, stdlib: StdlibIndex, files: dict[str, str], expected: set[str]) -> None:
    """The collection holds exactly the modules the imports reach."""
    assert set(gather(tree(files), stdlib).modules) == expected


def test_what_is_sent_to_the_runtime_names_nothing_of_this_machine(tree: Tree, stdlib: StdlibIndex) -> None:
    """Names of files are relative, the order is fixed, namespace packages are empty packages."""
    root = tree({"main.py": "import z.y, lib", "z/y.py": "x = 1", "site/lib/__init__.py": ""})
    request = gather(root, stdlib).request()
    assert list(request) == sorted(request)
    assert request["main"] == {"package": False, "file": "main.py", "source": b"import z.y, lib"}
    assert request["z"] == {"package": True, "file": None, "source": b""}
    assert request["z.y"] == {"package": False, "file": "z/y.py", "source": b"x = 1"}
    assert request["lib"] == {"package": True, "file": "lib/__init__.py", "source": b""}
    assert str(root) not in repr(request)


@pytest.mark.parametrize(
    ("files", "where", "what", "more"),
    [
        (
            {"main.py": "x = 1\nimport nothing"},
            "main.py:2:8",
            "no module named nothing",
            "provides nothing",
        ),
        (
            {"main.py": "def f():\n    import nothing"},
            "main.py:2:12",
            "no module named nothing",
            "catch ImportError",
        ),
        (
            {"main.py": "from a import b", "a.py": "import no.thing"},
            "a.py:1:8",
            "no module named no.thing",
            "provides no",
        ),
        (
            {"main.py": "import a.x", "a/__init__.py": ""},
            "main.py:1:8",
            "no module named a.x",
            "no such module",
        ),
        (
            {"main.py": "from . import x\nimport socket"},
            "main.py:2:8",
            "module 'socket' cannot work",
            "use outcalls",
        ),
        ({"main.py": "import urllib.request"}, "main.py:1:8", "'urllib.request' cannot work", "no sockets"),
        (
            {"main.py": "import distutils"},
            "main.py:1:8",
            "no module named distutils",
            "(3.13) has no such module",
        ),
        ({"main.py": "import json.nothing"}, "main.py:1:8", "no module named json.nothing", "3.13"),
        ({"main.py": "import basilisk.build"}, "main.py:1:8", "works on the host only", "tests and tools"),
        (
            {"main.py": "import fast", "site/fast.cpython-311-x86_64-linux-gnu.so": ""},
            "main.py:1:8",
            "fast cannot be imported",
            "fast.cpython-311-x86_64-linux-gnu.so",
        ),
        (
            {"main.py": "import p.core", "site/p/__init__.py": "", "site/p/core.abi3.so": ""},
            "main.py:1:8",
            "p.core cannot be imported",
            "p/core.abi3.so",
        ),
        ({"main.py": "import json", "json.py": ""}, "main.py:1:8", "json.py has the name", "rename json.py"),
        ({"main.py": "import a", "a.py": "def"}, "a.py:1:4", "syntax error", "3.13"),
    ],
)
def test_refusals(
    tree: Tree, stdlib: StdlibIndex, files: dict[str, str], where: str, what: str, more: str
) -> None:
    """What cannot work is reported at the import statement, with cause and remedy."""
    with pytest.raises(ProgramError) as caught:
        gather(tree(files), stdlib)
    error = caught.value
    assert str(error.where) == where
    assert what in error.what
    assert more in str(error)
    assert error.remedy


def test_all_problems_are_listed(tree: Tree, stdlib: StdlibIndex) -> None:
    """The first problem is the error, the others are in its details."""
    with pytest.raises(ProgramError) as caught:
        gather(tree({"main.py": "import one\nimport two\nimport socket"}), stdlib)
    assert str(caught.value.where) == "main.py:1:8"
    assert caught.value.details is not None
    assert "main.py:2:8: no module named two" in caught.value.details
    assert "main.py:3:8" in caught.value.details


def test_chain_of_imports(tree: Tree, stdlib: StdlibIndex) -> None:
    """For a native module deep in a package, the way from the program to it is known."""
    root = tree(
        {
            "main.py": "\nimport lib",
            "site/lib/__init__.py": "from . import a",
            "site/lib/a.py": "from ._fast import run",
            "site/lib/_fast.so": "",
        }
    )
    found = gather(root, stdlib)
    refused = found.modules["lib._fast"].refused
    assert refused is not None
    assert "lib/_fast.so" in refused
    assert next((module.name, place) for module, place in found.chain("lib._fast")) == ("main", (2, 8))
    assert [module.name for module, _ in found.chain("lib._fast")] == ["main", "lib", "lib.a"]


def test_installed_files_that_are_not_utf8_are_refused_when_imported(tree: Tree, stdlib: StdlibIndex) -> None:
    """Such a file stops the build only if the program really imports it."""
    root = tree({"main.py": "import lib", "site/lib.py": ""})
    (root / "site" / "lib.py").write_bytes(b"# coding: latin-1\nx = '\xe4'\n")
    with pytest.raises(ProgramError, match="cannot be imported"):
        gather(root, stdlib)


def test_include_brings_modules_that_nothing_imports(tree: Tree, stdlib: StdlibIndex) -> None:
    """``include`` takes a module, or a package with all its submodules."""
    files = {
        "main.py": "",
        "p/__init__.py": "",
        "p/a.py": "",
        "p/b/__init__.py": "",
        "p/b/c.py": "",
        "q.py": "",
    }
    root = tree(files)
    assert set(gather(root, stdlib, ("q",)).modules) == {"main", "q"}
    assert set(gather(root, stdlib, ("p.*",)).modules) == {"main", "p", "p.a", "p.b", "p.b.c"}
    with pytest.raises(UsageError, match="nowhere"):
        gather(root, stdlib, ("nowhere",))


def test_the_entry_must_not_be_called_like_a_module_of_python(tree: Tree, stdlib: StdlibIndex) -> None:
    """``json.py`` as a program would be hidden by the standard library."""
    root = tree({"json.py": ""})
    with pytest.raises(ProgramError, match=r"json\.py: json is a module of the standard library"):
        collect(resolve(str(root / "json.py")), stdlib, ())


def test_positions_are_shown_from_the_current_folder(tree: Tree, stdlib: StdlibIndex) -> None:
    """Messages name files as the user can open them from where he is."""
    root = tree({"apps/main.py": "import nothing"})
    with pytest.raises(ProgramError) as caught:
        collect(resolve(str(root / "apps")), stdlib, ())
    assert str(caught.value.where) == "apps/main.py:1:8"
