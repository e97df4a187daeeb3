"""Packages from PyPI inside canisters: answers compared with the host's, their files, their own tests."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from basilisk.principal import Principal
from basilisk.runtime import Found
from tests.packages import canisters, suites
from tests.packages.provision import REPOSITORY, site

EXAMPLE = REPOSITORY / "examples" / "packages"
ANYONE = Principal.anonymous()

CALLS: list[tuple[str, list[object]]] = [
    ("page", [["Zoë", "<b>", "Ada"]]),
    (
        "orders",
        ["- {article: nut, amount: '3'}\n- {article: bolt, amount: 4}\n- {article: nut, amount: 1}\n"],
    ),
    ("tree", ["1 + 2 * (3 - 4.5)"]),
    ("fridays", ["31 January 2026 9:30", 4]),
    ("sums", [[1, 2, 3, 4, 5], 3]),
    ("signature", [b"message"]),
    ("domain", ["Straße.example"]),
]


@pytest.fixture(scope="module")
def example(artefact: Found, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The example's canister, built with the locked packages."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "src").mkdir()
    for path in (EXAMPLE / "src").glob("*.py"):
        (folder / "src" / path.name).write_bytes(path.read_bytes())
    return canisters.deployed(folder)


@pytest.mark.parametrize(("method", "arguments"), CALLS, ids=[name for name, _ in CALLS])
def test_the_example_answers_as_the_host_does(
    example: tuple[canisters.LocalCanister, dict[str, object], int],
    method: str,
    arguments: list[object],
) -> None:
    """The same functions, the same packages, on this Python."""
    folder = str(EXAMPLE / "src")
    code = f"import sys; sys.path[:0] = [{folder!r}, {str(site())!r}]; import answers; "
    code += f"print(repr(answers.{method}(*{arguments!r})))"
    command = [sys.executable, "-W", "ignore", "-X", "utf8", "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    expected = ast.literal_eval(answer.stdout)
    assert example[0].call(method, arguments, ANYONE)[0] == expected


def test_the_example_knows_its_packages(
    example: tuple[canisters.LocalCanister, dict[str, object], int],
) -> None:
    """``version()`` says what is locked; the report has the same packages and the files that stay out."""
    canister, report, _ = example
    (listed,) = canister.call("versions", [], ANYONE)
    locked = (REPOSITORY / "requirements" / "packages.txt").read_text("utf-8")
    assert isinstance(listed, list) and len(listed) == 13
    for item in listed:
        assert f"\n{str(item).replace(' ', '==')} " in f"\n{locked}"
    packages = report["packages"]
    assert isinstance(packages, list)
    assert {"attrs", "PyYAML", "six"} <= {row["name"] for row in packages}
    assert any(file.startswith("yaml/_yaml") for row in packages for file in row["native"])


@pytest.mark.parametrize("name", ["certifi", "markupsafe", "tomli", "typing_extensions", "tzdata"])
def test_packages_answer_as_on_the_host(artefact: Found, tmp_path: Path, name: str) -> None:
    """Data files, machine code that stays out, data of a package that the library asks for."""
    found = canisters.outcome(tmp_path / name, name)
    assert found.canister == found.host


@pytest.mark.parametrize(("name", "least"), [("six", 130), ("toolz", 175)])
def test_suites_of_packages_pass(artefact: Found, tmp_path: Path, name: str, least: int) -> None:
    """Their own tests, run inside a canister (all of them: ``./dev test-packages``)."""
    found = suites.run(tmp_path / name, name)
    assert not found.failed
    assert found.passed >= least


FILES = """
import importlib.metadata, importlib.resources, pkgutil
import pack, pack.sub, spread.one
from basilisk import query, text
import json

@query
def run() -> text:
    root = importlib.resources.files(pack)
    with root.joinpath("data", "table.txt").open(encoding="utf-8") as stream:
        streamed = stream.read()
    try:
        pkgutil.get_data("pack", "data/none.txt")
    except FileNotFoundError:
        missing = True
    distribution = importlib.metadata.distribution("the.pack")
    return json.dumps([
        streamed,
        (root / "data" / "table.txt").read_bytes().decode(),
        pkgutil.get_data("pack.sub", "own.bin").decode("latin-1"),
        missing,
        sorted(item.name for item in root.iterdir()),
        [root.is_dir(), (root / "data").is_dir()],
        [(root / "data" / "table.txt").is_file(), (root / "no").is_file()],
        importlib.resources.files("pack.sub").joinpath("../data/table.txt").read_text(),
        [(info.name, info.ispkg) for info in pkgutil.iter_modules(pack.__path__)],
        [info.name for info in pkgutil.walk_packages(pack.__path__, "pack.")],
        sorted(info.name for info in pkgutil.iter_modules(spread.__path__)),
        [hasattr(spread, "__file__"), list(spread.__path__), callable(pack.__loader__)],
        [importlib.metadata.version("the-pack"), distribution.requires, distribution.metadata["License"]],
        [(entry.name, entry.load()()) for entry in importlib.metadata.entry_points(group="things")],
        [found.metadata["Name"] for found in importlib.metadata.distributions()],
        importlib.metadata.packages_distributions(),
    ])
"""
METADATA = "Name: the-pack\nVersion: 2.5\nRequires-Dist: six\nLicense: MIT\n\nx\n"
INSTALLED = {
    "pack/__init__.py": "def thing():\n    return 'made'\n",
    "pack/data/table.txt": "größe\n",
    "pack/sub/__init__.py": "",
    "pack/sub/own.bin": "\x01\x02",
    "pack/late.py": "",
    "spread/one.py": "",
    "the_pack-2.5.dist-info/METADATA": METADATA,
    "the_pack-2.5.dist-info/RECORD": "pack/__init__.py,,\npack/sub/__init__.py,,\n",
    "the_pack-2.5.dist-info/entry_points.txt": "[things]\none = pack:thing\n",
}


def test_files_and_metadata_of_packages(artefact: Found, tmp_path: Path) -> None:
    """importlib.resources, pkgutil and importlib.metadata see what was packed."""
    place = tmp_path / "env" / "lib" / "python3.13" / "site-packages"
    for name, content in INSTALLED.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "main.py").write_text(FILES, encoding="utf-8")
    canister, _, _ = canisters.deployed(folder, python=tmp_path / "env")
    assert json.loads(str(canister.call("run", [], ANYONE)[0])) == [
        "größe\n",
        "größe\n",
        "\x01\x02",
        True,
        ["__init__.py", "data", "sub"],
        [True, True],
        [True, False],
        "größe\n",
        [["sub", True]],
        ["pack.sub"],
        ["one"],
        [False, ["spread"], False],
        ["2.5", ["six"], "MIT"],
        [["one", "made"]],
        ["the-pack"],
        {"pack": ["the-pack"]},
    ]


USED = """
import importlib
from basilisk import Principal, blob, query, text

@query
def run(name: text) -> text:
    try:
        return importlib.import_module(name).__name__
    except ImportError as error:
        return f"{type(error).__name__}: {error}"

@query
def work() -> text:
    import json
    import sys
    sys.set_int_max_str_digits(0)
    key = Principal.self_authenticating(b"abc").to_str()
    return json.dumps([len(str(7**40000)), "grüß".encode("cp1252").hex(), key])
"""


def test_a_canister_of_what_it_uses(artefact: Found, tmp_path: Path) -> None:
    """``--stdlib=used`` keeps what the program can reach; an import of anything else says why it fails."""
    for profile in ("full", "used"):
        (tmp_path / profile).mkdir()
        (tmp_path / profile / "main.py").write_text(USED, encoding="utf-8")
    full, _, full_size = canisters.deployed(tmp_path / "full")
    used, report, used_size = canisters.deployed(tmp_path / "used", stdlib="used")
    assert used.call("work", [], ANYONE) == full.call("work", [], ANYONE)
    assert full.call("run", ["email"], ANYONE) == ["email"]
    (text,) = used.call("run", ["email"], ANYONE)
    assert str(text).startswith("ModuleNotFoundError: module 'email' was left out by --stdlib=used")
    assert used.call("run", ["json"], ANYONE) == ["json"]
    library = report["stdlib"]
    assert "json.decoder" in library["on_import"] and "email" not in library["on_import"]
    assert library["left_out"] > 200
    assert used_size < full_size - 1_000_000


def test_the_counter_is_small_with_what_it_uses(artefact: Found, tmp_path: Path) -> None:
    """At most 2.1 MB of gzip (the goal was 3.2 MB), the code of the file system included."""
    source = REPOSITORY / "examples" / "counter" / "main.py"
    (tmp_path / "main.py").write_bytes(source.read_bytes())
    _, _, size = canisters.deployed(tmp_path, stdlib="used")
    assert size <= 2_100_000


def test_the_environment_is_the_locked_one() -> None:
    """Every package of the lock file is there in its version."""
    locked = (REPOSITORY / "requirements" / "packages.txt").read_text("utf-8")
    names = [line.split(" ")[0] for line in locked.splitlines() if "==" in line]
    installed = {path.name.lower() for path in site().glob("*.dist-info")}
    for name, _, version in (item.partition("==") for item in names):
        assert f"{name.replace('-', '_')}-{version}.dist-info" in installed
