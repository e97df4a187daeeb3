"""Runs test modules of CPython: the files of `Lib/test` come by messages, outcomes go back the same way.

The files lie in the canister's own file system, where the tests look for each other, for their data and for
room to write.  The library says that `test` is not part of a canister, so the finder here comes first.
"""

import gc
import importlib
import importlib.machinery
import marshal
import os
import random  # draws numbers: the canister seeds itself when it is installed
import sys
import threading
import traceback
import unittest
import zipimport
import zlib

from outcomes import Collect
from standins import StandIns, absent, below

from basilisk import Opt, Record, Vec, blob, nat64, update

LIBRARY = "/usr/lib/python3.13"
WORK = "/tmp/test_python"
#: Pure-Python twins of C and frozen modules, which the library leaves out and the tests compare with.
TWINS = (
    *("_pydatetime", "_pydecimal", "_pyio", "importlib._bootstrap", "importlib._bootstrap_external"),
    *("importlib.machinery", "importlib.util"),
)
#: Where a test module says that it needs what canisters refuse: the switch that lets it be imported, so that
#: its other tests can run.
SWITCHES = {
    "test module requires subprocess": ("test.support", "has_subprocess_support"),
    "requires socket support": ("test.support", "has_socket_support"),
    "Cannot create socket on WASI": ("test.support", "is_wasi"),
    "test requires gethostname()": ("test.support.socket_helper", "has_gethostname"),
    "requires threading support": ("test.support.threading_helper", "can_start_thread"),
}
TESTS: list[object] = []

assert random


class Loaded(Record):
    """What became of a test module: its tests by name, or why it cannot run."""

    tests: Vec[str]
    skipped: Opt[str]
    error: Opt[str]


class Outcome(Record):
    number: nat64
    outcome: str
    text: str


class Ran(Record):
    """Outcomes, and the number of the first test that is still to be run."""

    outcomes: Vec[Outcome]
    next: nat64


class Files:
    """Finds the modules of `test` and the twins among the files that were sent."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> object:
        if below(name, StandIns.names):
            return importlib.machinery.ModuleSpec(name, StandIns, is_package=True)
        if below(name, ("test", *TWINS)):
            if name.startswith("importlib."):
                path = [f"{LIBRARY}/importlib"]
            return importlib.machinery.PathFinder.find_spec(name, path or [LIBRARY], target)
        return None


def flatten(suite: object) -> list[object]:
    if isinstance(suite, unittest.TestSuite):
        return [test for part in suite for test in flatten(part)]
    return [suite]


def report(hook: object) -> None:
    """Stands where CPython's runner has a hook of its own for exceptions in threads."""
    traceback.print_exception(hook.exc_value)


@update
def send(packed: blob) -> None:
    """Some files, by their paths below the library."""
    for path, data in marshal.loads(zlib.decompress(packed)).items():
        path = f"{LIBRARY}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


@update
def prepare() -> None:
    """Imports what all tests need, once the files are there; what CPython's runner sets up before tests.

    Canisters import packed modules alone; many tests import what they have written a line before.
    """
    machinery = importlib.machinery
    loaders = (machinery.SourceFileLoader, [".py"]), (machinery.SourcelessFileLoader, [".pyc"])
    sys.path[:] = [LIBRARY]
    sys.path_hooks += [zipimport.zipimporter, machinery.FileFinder.path_hook(*loaders)]
    sys.meta_path.insert(0, Files)
    sys.meta_path.append(machinery.PathFinder)
    sys.dont_write_bytecode = False
    os.makedirs(WORK)
    os.chdir(WORK)
    # Tests take for granted that the runner has imported the second and the third.
    for name in ("test.support.os_helper", "unittest.mock", "importlib.metadata"):
        importlib.import_module(name)
    threading.excepthook = report
    support = importlib.import_module("test.support")
    support.use_resources = []
    support.verbose = 0


@update
def load(name: str) -> Loaded:
    """Imports a test module and lists its tests."""
    result: Loaded = {"tests": [], "skipped": None, "error": None}
    before = set(sys.modules)
    StandIns.loading = True
    while True:
        try:
            module = importlib.import_module(name)
            TESTS[:] = flatten(unittest.defaultTestLoader.loadTestsFromModule(module))
            failed = [test for test in TESTS if type(test).__name__ == "_FailedTest"]
            if failed:
                raise failed[0]._exception
        except Exception as error:
            missing = absent(error)
            if missing is not None and missing not in StandIns.names:
                StandIns.names.add(missing)
                for loaded in set(sys.modules) - before:
                    del sys.modules[loaded]
                sys.modules.pop(missing, None)
                continue
            switch = SWITCHES.get(str(error)) if isinstance(error, unittest.SkipTest) else None
            if switch is not None:
                helper = importlib.import_module(switch[0])
                if bool(getattr(helper, switch[1])) != (switch[1] != "is_wasi"):
                    setattr(helper, switch[1], switch[1] != "is_wasi")
                    sys.modules.pop(name, None)
                    continue
            TESTS.clear()
            if isinstance(error, unittest.SkipTest):
                result["skipped"] = str(error)
            else:
                result["error"] = "".join(traceback.format_exception(error))[-3000:]
        break
    StandIns.loading = False
    seen: dict[str, int] = {}
    for test in TESTS:
        name = test.id()
        seen[name] = seen.get(name, 0) + 1
        result["tests"].append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def below_callers(action: object, depth: int = 10) -> None:
    """CPython's runner has as many frames above a test; some tests count on them."""
    if depth:
        below_callers(action, depth - 1)
    else:
        action()


@update
def run(first: nat64, end: nat64) -> Ran:
    """Runs tests with the fixtures of their classes and modules until the message has done enough."""
    result = Collect(first, TESTS)
    below_callers(lambda: unittest.TestSuite(TESTS[first:end]).run(result))
    after = min(result.now + 1, end) if result.shouldStop else end
    rows: list[Outcome] = []
    for number in range(first, after):
        outcome, text = result.outcome(number)
        rows.append({"number": number, "outcome": outcome, "text": text})
        # The test itself is not needed any more, what it holds is not either.
        TESTS[number] = None
    gc.collect()
    return {"outcomes": rows, "next": after}
