"""The library inside a canister: every module that ships can be imported, every refusal gives its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import load
from basilisk.testing.local import LocalCanister
from stdlib_bundler import policy, table

PROGRAM = Path(__file__).parent / "programs" / "library.py"
CALLER = Principal.anonymous()

# Programs of their own: importing them runs them.
RUN_WHEN_IMPORTED = ("__main__",)
# A query may execute 5 billion instructions; an import must leave most of them to the program.
DEAREST_IMPORT = 1_000_000_000


@pytest.fixture(scope="module")
def canister(tmp_path_factory: pytest.TempPathFactory) -> LocalCanister:
    """A canister that imports by name."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copyfile(PROGRAM, folder / "main.py")
    built = build(resolve(str(folder), name="library"), output=folder / "out")
    interface = parse_did(built.did.read_text(encoding="utf-8"))
    made = LocalCanister(Replica(), built.gzip.read_bytes(), interface)
    made.change_code("install", [], CALLER)
    return made


def _outcomes(canister: LocalCanister, names: list[str]) -> dict[str, str | None]:
    (rows,) = canister.call("load", [names], CALLER)
    assert isinstance(rows, list)
    return {row["name"]: row["error"] for row in rows}


def test_every_shipped_module_can_be_imported(canister: LocalCanister) -> None:
    """No module of the library fails inside a canister."""
    names = [name for name in load().stdlib.modules if not name.endswith(RUN_WHEN_IMPORTED)]
    assert len(names) > 350
    failed = {name: error for name, error in _outcomes(canister, names).items() if error is not None}
    assert failed == {}


def test_every_name_of_the_library_is_there_or_says_why_not(canister: LocalCanister) -> None:
    """The fates of docs/stdlib.md are those of the canister."""
    names = table.NAMES.read_text(encoding="utf-8").split()
    linked = policy.BUILT_IN | policy.LINKED_LIBRARIES
    texts = policy.refusal_texts(linked)
    for name, error in _outcomes(canister, names).items():
        kind, _ = policy.fate(name, linked)
        if kind in ("refused", "left out"):
            assert error == f"ModuleNotFoundError: {texts[name]}"
        else:
            assert error is None, name


@pytest.mark.parametrize("name", ["difflib", "unittest", "email.message", "xml.etree.ElementTree", "logging"])
def test_a_first_import_is_affordable_in_a_query(canister: LocalCanister, name: str) -> None:
    """Decoding and running a module and all that it imports takes a small part of a query's instructions."""
    (outcome,) = canister.call("load_alone", [name], CALLER)
    assert outcome == {"name": name, "error": None}
    assert canister.instructions < DEAREST_IMPORT


def test_modules_of_the_library_work(canister: LocalCanister) -> None:
    """Compressors round-trip, edited modules do what they are for."""
    (answers,) = canister.call("answers", [], CALLER)
    assert answers == ["lzma", "bz2", "7", "&lt;a&gt;", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?="]


def test_every_shipped_module_can_be_imported_by_a_program(tmp_path: Path) -> None:
    """At build time there is neither clock nor entropy; no library module asks (logging sees the epoch)."""
    names = [name for name in load().stdlib.modules if not name.endswith(RUN_WHEN_IMPORTED)]
    # `this` and `antigravity` print or open something when they are imported.
    wanted = [name for name in names if name not in ("this", "antigravity")]
    (tmp_path / "main.py").write_text(
        "import sys\nfrom basilisk import query\n"
        "system = sys.modules['_basilisk_ic']\n"
        f"for name in {wanted!r}:\n"
        "    before = len(system.refusals())\n"
        "    __import__(name)\n"
        "    asked = {'clock', 'entropy'} & set(system.refusals()[before:])\n"
        "    assert not asked, (name, asked)\n"
        "@query\ndef nothing() -> None: ...\n",
        encoding="utf-8",
    )
    assert build(resolve(str(tmp_path)), output=tmp_path / "out").fresh
