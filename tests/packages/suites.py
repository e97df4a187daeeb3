"""Test suites of packages, run inside a canister in the local replica."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from basilisk.errors import CallRejected
from basilisk.principal import Principal

from .canisters import deployed
from .provision import site, source

__all__ = ["SUITES", "Result", "Suite", "run"]

_GUEST = Path(__file__).parent / "guest"
_MAIN = """{imports}
import runner
from basilisk import nat32, query, text, update

for module in FOUND:
    runner.collect(module)


@query
def count() -> nat32:
    return len(runner.TESTS)


@query
def name(number: nat32) -> text:
    return runner.TESTS[number][0]


@update
def run(start: nat32, most: nat32) -> text:
    return runner.run(start, most)
"""
_ALL = 1_000_000
_IMPORT = """
try:
    import {module}
    FOUND.append(sys.modules[{module!r}])
except Exception as error:
    FOUND.append(({module!r}, f"{{type(error).__name__}}: {{error}}"))
"""


@dataclass(frozen=True)
class Suite:
    """Tests of one project: test modules, and the files or folders that hold them.

    ``archive`` is the project whose source archive has them; without one they are part of the package.
    """

    modules: tuple[str, ...]
    archive: str = ""
    copied: tuple[str, ...] = ()


@dataclass
class Result:
    """What became of the tests: names with the reasons of those that did not pass.

    ``refused`` are those that ask for what a canister does not have: a refused module, a thread, sleep,
    entropy at once, files of the tests' folder, more instructions than a message may use.
    """

    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.passed + len(self.failed) + len(self.refused) + len(self.skipped)


SUITES = {
    "six": Suite(("test_six",), "six", ("test_six.py",)),
    "more-itertools": Suite(("tests.test_more", "tests.test_recipes"), "more-itertools", ("tests",)),
    "pyparsing": Suite(
        ("tests.test_simple_unit", "tests.test_unit", "tests.test_util", "tests.test_testing"),
        "pyparsing",
        ("tests", "examples"),
    ),
    "python-dateutil": Suite(
        tuple(
            f"tests.test_{name}"
            for name in "easter import_star imports internals isoparser parser relativedelta".split()
        ),
        "python-dateutil",
        ("tests",),
    ),
    "simplejson": Suite(
        tuple(
            f"simplejson.tests.test_{name}"
            for name in (
                "bigint_as_string bitsize_int_as_string check_circular custom_method_cycles decimal decode "
                "default dump encode_basestring_ascii encode_for_html errors fail float for_json indent "
                "item_sort_key iterable namedtuple pass1 pass2 pass3 raw_json recursion scanstring "
                "separators speedups str_subclass subclass tool tuple unicode"
            ).split()
        )
    ),
    "toolz": Suite(
        tuple(
            f"toolz.tests.test_{name}"
            for name in (
                "compatibility curried curried_doctests dicttoolz functoolz inspect_args itertoolz recipes "
                "serialization signatures tlz utils"
            ).split()
        )
    ),
}


def write(folder: Path, suite: Suite) -> Path:
    """Write the program that holds a suite, and an environment with its tests beside the packages."""
    place = folder / "environment" / "lib" / "python3.13" / "site-packages"
    place.mkdir(parents=True)
    (place / "packages.pth").write_text(f"{site()}\n", encoding="utf-8")
    imports = "import sys\n\nFOUND = []\n" + "".join(
        _IMPORT.format(module=module) for module in suite.modules
    )
    (folder / "main.py").write_text(_MAIN.format(imports=imports), encoding="utf-8")
    for path in sorted(_GUEST.glob("*.py")):
        shutil.copyfile(path, folder / path.name)
    for name in suite.copied:
        found = source(suite.archive) / name
        if found.is_dir():
            shutil.copytree(found, place / name)
        else:
            shutil.copyfile(found, place / name)
    return folder / "environment"


def run(folder: Path, name: str) -> Result:
    """Build the suite into a canister and run it; a message runs as many tests as fit its instructions."""
    suite = SUITES[name]
    canister, _, _ = deployed(folder, python=write(folder, suite))
    sender = Principal.anonymous()
    result = Result()
    (total,) = canister.call("count", [], sender)
    start, most = 0, _ALL
    while isinstance(total, int) and start < total:
        try:
            (text,) = canister.call("run", [start, most], sender)
            rows = json.loads(str(text))
        except CallRejected as rejected:
            if most == _ALL:  # the trap undid the whole message: find the test by messages of one
                most = 1
                continue
            most = _ALL
            (label,) = canister.call("name", [start], sender)
            outcome = "refused" if rejected.error_code == "IC0522" else "failed"
            rows = [[label, outcome, str(rejected)]]
        for label, outcome, reason in rows:
            if outcome == "passed":
                result.passed += 1
            else:
                getattr(result, outcome)[label] = reason
        start += len(rows)
    return result
