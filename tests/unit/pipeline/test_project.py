"""Which file, name and folder a command line means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from basilisk.build.project import check_backend, legacy, resolve
from basilisk.errors import BasiliskError, Location, ProgramError, UsageError

from .conftest import Tree

DFX = json.dumps(
    {
        "canisters": {
            "wallet": {
                "type": "custom",
                "build": "python -m basilisk wallet src/wallet.py",
                "candid": "wallet.did",
            },
            "old": {
                "type": "custom",
                "build": "FOO=1 python3 -m kybra old src/old.py src/old.did && echo ok",
            },
            "new": {"type": "custom", "build": "basilisk build new"},
            "other": {"type": "rust", "package": "other"},
        }
    }
)
ICP = """\
canisters:
  - name: shop
    build:
      steps:
        - type: script
          commands:
            - pip install basilisk
            - python -m basilisk shop backend/shop.py
  - name: stall
    recipe:
      type: "@somebody/basilisk@v1"
      configuration:
        entry: backend/stall.py
  - name: web
    recipe: {type: "@dfinity/asset-canister"}
"""


@pytest.mark.parametrize(
    ("files", "target", "name", "entry", "root"),
    [
        (["counter/main.py"], "counter", "counter", "counter/main.py", "counter"),
        (["counter/src/main.py"], "counter", "counter", "counter/src/main.py", "counter"),
        (["counter/src/main.py"], "counter/src/main.py", "counter", "counter/src/main.py", "counter"),
        (["counter/app.py"], "counter", "counter", "counter/app.py", "counter"),
        (["x/bank.py"], "x/bank.py", "bank", "x/bank.py", "x"),
        (["my app/main.py"], "my app", "my_app", "my app/main.py", "my app"),
    ],
)
def test_paths(tree: Tree, files: list[str], target: str, name: str, entry: str, root: str) -> None:
    """A folder stands for its main.py; the folder gives the name."""
    base = tree(dict.fromkeys(files, ""))
    project = resolve(target)
    assert (project.name, project.entry, project.root) == (name, base / entry, base / root)
    assert project.output == base / root / ".basilisk" / name


def test_the_current_folder_is_the_default(tree: Tree) -> None:
    """Without an argument the current folder is built."""
    root = tree({"main.py": ""})
    assert resolve().entry == root / "main.py"
    assert resolve(".").entry == root / "main.py"


def test_name_can_be_given(tree: Tree) -> None:
    """--name wins over everything."""
    tree({"main.py": ""})
    assert resolve(name="other").name == "other"


def test_pyproject(tree: Tree) -> None:
    """[tool.basilisk] gives name, entry and modules to include."""
    root = tree(
        {
            "pyproject.toml": '[tool.basilisk]\nname = "bank"\nentry = "code/start.py"\n'
            'include = ["plug.*"]\n',
            "code/start.py": "",
        }
    )
    for target in (None, ".", "bank"):
        project = resolve(target)
        assert (project.name, project.entry, project.include) == ("bank", root / "code/start.py", ("plug.*",))


def test_dfx_json(tree: Tree) -> None:
    """Canisters of dfx.json are found by name, with entry and interface file of their build command."""
    root = tree({"dfx.json": DFX, "src/wallet.py": "", "src/old.py": "", "src/main.py": ""})
    wallet, old, new = resolve("wallet"), resolve("old"), resolve("new")
    assert (wallet.entry, wallet.did) == (root / "src/wallet.py", root / "wallet.did")
    assert (old.entry, old.did) == (root / "src/old.py", root / "src/old.did")
    assert new.entry == root / "src/main.py"
    with pytest.raises(UsageError, match="neither a file") as caught:
        resolve("other")
    assert "new, old, wallet" in str(caught.value)
    with pytest.raises(UsageError, match="several canisters: new, old, wallet"):
        resolve()


def test_icp_yaml(tree: Tree) -> None:
    """Canisters of icp.yaml are found by script steps and recipes."""
    root = tree({"icp.yaml": ICP, "backend/shop.py": "", "backend/stall.py": ""})
    assert resolve("shop").entry == root / "backend/shop.py"
    assert resolve("stall").entry == root / "backend/stall.py"


def test_a_file_that_is_declared_takes_the_declared_name(tree: Tree) -> None:
    """Building the entry file itself gives the same canister as building by name."""
    tree({"dfx.json": DFX, "src/wallet.py": ""})
    assert resolve("src/wallet.py").name == "wallet"


def test_old_build_commands(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m basilisk NAME ENTRY [DID]`` writes below the current folder."""
    root = tree({"src/main.py": ""})
    project = legacy("hello", "src/main.py", "src/main.did")
    assert (project.name, project.output) == ("hello", root / ".basilisk" / "hello")
    assert project.did == Path("src/main.did")
    monkeypatch.setenv("CANISTER_CANDID_PATH", "hello.did")
    assert legacy("hello", "src/main.py").did == Path("hello.did")
    with pytest.raises(UsageError, match=r"src/no\.py does not exist"):
        legacy("hello", "src/no.py")


@pytest.mark.parametrize(
    ("files", "target", "error", "part"),
    [
        ({"x/readme": ""}, "x", UsageError, "no program was found"),
        ({}, "nowhere.py", UsageError, "does not exist"),
        ({}, "nowhere", UsageError, "no file here declares"),
        ({"my-app.py": ""}, "my-app.py", ProgramError, "not a Python name"),
        ({"pyproject.toml": '[tool.basilisk]\nentry = "a.py"'}, ".", UsageError, "a.py of canister"),
        (
            {"pyproject.toml": '[tool.basilisk]\nname = "a b"', "main.py": ""},
            ".",
            UsageError,
            "name of a canister",
        ),
        ({"pyproject.toml": "[tool.basilisk]\nname = 1", "main.py": ""}, ".", UsageError, "is not text"),
        ({"pyproject.toml": "[tool.basilisk]\nfoo = 1", "main.py": ""}, ".", UsageError, "no setting 'foo'"),
        (
            {"pyproject.toml": '[tool.basilisk]\ninclude = "x"', "main.py": ""},
            ".",
            UsageError,
            "list of texts",
        ),
    ],
)
def test_refusals(
    tree: Tree, files: dict[str, str], target: str, error: type[BasiliskError], part: str
) -> None:
    """What cannot be resolved is explained, with a remedy."""
    tree(files)
    with pytest.raises(error) as caught:
        resolve(target)
    assert part in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("pyproject.toml", "[tool.basilisk]\nname = \n", 2),
        ("dfx.json", '{"canisters": {\n  "a": }\n', 2),
        ("icp.yaml", "canisters:\n  - name: [\n", None),
    ],
)
def test_broken_configuration_has_a_place(tree: Tree, name: str, content: str, line: int | None) -> None:
    """A file that cannot be parsed is named with the line."""
    root = tree({"main.py": "", name: content})
    with pytest.raises(UsageError) as caught:
        resolve()
    where = caught.value.where
    assert isinstance(where, Location)
    assert where.file == str(root / name)
    assert line is None or where.line == line


def test_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """cpython or nothing; rustpython is told that it is not needed any more."""
    for value in ("", "cpython"):
        monkeypatch.setenv("BASILISK_PYTHON_BACKEND", value)
        check_backend()
    monkeypatch.setenv("BASILISK_PYTHON_BACKEND", "rustpython")
    with pytest.raises(UsageError, match="not supported") as caught:
        check_backend()
    assert "not needed any more" in str(caught.value)
    monkeypatch.setenv("BASILISK_PYTHON_BACKEND", "pypy")
    with pytest.raises(UsageError, match="'pypy'"):
        check_backend()
