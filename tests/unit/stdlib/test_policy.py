"""The policy covers the whole library, and each rule gives its reason."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from basilisk.runtime.stdlib import BUILTIN_MODULES
from stdlib_bundler import policy, table

NAMES = table.NAMES.read_text().split()
DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_list_is_that_of_3_13() -> None:
    """The committed list equals ``sys.stdlib_module_names`` where a 3.13 runs the tests."""
    assert len(NAMES) == 290
    if sys.version_info[:2] == (3, 13):
        assert sorted(sys.stdlib_module_names) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_a_fate_and_a_reason(name: str) -> None:
    """Each name of the library is shipped, frozen, built in, refused or left out, with a reason."""
    kind, reason = policy.fate(name)
    assert kind in {"shipped", "frozen", "built in", "refused", "left out"}
    assert len(reason) > 8


def test_shipped_means_pure_python() -> None:
    """No C module counts as shipped: this interpreter's own library has a source file for each."""
    for name in NAMES:
        if policy.fate(name)[0] != "shipped" or name not in sys.stdlib_module_names:
            continue
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin not in (None, "frozen"):
            assert str(spec.origin).endswith(".py"), name


def test_tables_do_not_overlap() -> None:
    """A name has one fate."""
    tables = [policy.REFUSED, policy.LEFT_OUT, policy.FROZEN, policy.BUILT_IN, policy.OPTIONAL_BUILT_IN]
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))


def test_rules_name_real_modules() -> None:
    """A rule for a name that is not in the library would never fire."""
    tables = (policy.REFUSED, policy.LEFT_OUT, policy.FROZEN, policy.BUILT_IN, policy.OPTIONAL_BUILT_IN)
    for names in tables:
        for name in names:
            top = name.partition(".")[0]
            assert top in NAMES or top in {"__hello__", "__phello__", "test"}, name


def test_rules_reach_below_their_name() -> None:
    """A refused package takes its modules with it; a refused module leaves its package alone."""
    assert policy.fate("multiprocessing.pool")[0] == "refused"
    assert policy.fate("ensurepip.__main__")[0] == "left out"
    assert policy.fate("urllib.request")[0] == "refused"
    assert policy.fate("urllib.parse")[0] == "shipped"
    assert policy.fate("urllib.requests")[0] == "shipped"


def test_optional_libraries_follow_the_runtime() -> None:
    """bz2, lzma and sqlite3 ship where their C module is linked and are refused where it is not."""
    for front, module in (("bz2", "_bz2"), ("lzma", "_lzma"), ("sqlite3.dbapi2", "_sqlite3")):
        assert policy.fate(front)[0] == "refused"
        assert policy.fate(module)[0] == "refused"
        linked = policy.BUILT_IN | {module}
        assert policy.fate(front, linked)[0] == "shipped"
        assert policy.fate(module, linked)[0] == "built in"
        assert module in policy.refusal_texts()
        assert module not in policy.refusal_texts(linked)


def test_texts_read_well() -> None:
    """The text of the ImportError names the module, gives the reason and is one line."""
    for name, text in policy.refusal_texts().items():
        assert text.startswith(f"module '{name}' ")
        assert ": " in text
        assert "\n" not in text
        assert not text.endswith(".")


def test_the_table_in_the_docs_is_current() -> None:
    """docs/stdlib.md is what the policy says, and names every module of the library."""
    text = (DOCS / "stdlib.md").read_text(encoding="utf-8")
    assert text == table.render(), "run: python -m stdlib_bundler.table docs/stdlib.md"
    assert all(f"`{name}`" in text for name in NAMES)


def test_the_build_knows_the_same_modules() -> None:
    """What the host counts as part of the interpreter is what the policy says of it."""
    ours = policy.BUILT_IN | policy.FROZEN | policy.LINKED_LIBRARIES
    assert ours <= BUILTIN_MODULES
    assert BUILTIN_MODULES - ours <= set(policy.OPTIONAL_BUILT_IN)
