"""Runs test modules of CPython: their sources come by messages, their results go back the same way.

The library says that `test` is not part of a canister, so the finder here comes before the one that says so.
"""

import gc
import importlib.machinery
import random  # draws numbers: the canister seeds itself when it is installed
import sys
import traceback
import types
import unittest

from basilisk import Opt, Record, Vec, blob, nat64, update

SOURCES: dict[str, tuple[bool, bytes]] = {}
#: Modules of `test` that were asked for and not sent, and those of which the sender says that there are none.
MISSING: list[str] = []
ABSENT: set[str] = set()
TESTS: list[unittest.TestCase] = []

assert random


class Loaded(Record):
    """What became of a test module: its tests by id, the module it lacks, or why it cannot run."""

    tests: Vec[str]
    missing: Opt[str]
    skipped: Opt[str]
    error: Opt[str]


class Outcome(Record):
    test: str
    outcome: str
    text: str


#: Pure-Python twins of C modules, which the library leaves out and the tests compare with.
TWINS = {"_pydatetime", "_pydecimal", "_pyio"}


class Skips(type):
    """Whatever a test takes from a module that canisters refuse: using it skips the test."""

    def __getattr__(cls, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __call__(cls, *_arguments: object, **_named: object) -> object:
        raise unittest.SkipTest(f"{cls.__module__} is refused in a canister")


def refused(name: str) -> types.ModuleType:
    """Stands for a refused module, so that a test module that needs it in one place can be imported."""
    made = types.ModuleType(name)
    made.__path__ = []

    def get(attribute: str) -> object:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return made.__dict__.setdefault(attribute, Skips(attribute, (Exception,), {"__module__": name}))

    made.__getattr__ = get  # type: ignore[method-assign]
    return made


class Finder:
    """Finds the modules of `test` and the twins among the sources that were sent."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> object:
        if name in REFUSED_HERE:
            return importlib.machinery.ModuleSpec(name, RefusedLoader)
        if name != "test" and not name.startswith("test.") and name not in TWINS:
            return None
        if name not in SOURCES:
            if name not in ABSENT:
                MISSING.append(name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        package = SOURCES[name][0]
        file = name.replace(".", "/") + ("/__init__.py" if package else ".py")
        spec = importlib.machinery.ModuleSpec(name, cls, origin=file, is_package=package)
        spec.has_location = True
        if package:
            spec.submodule_search_locations.append(name.replace(".", "/"))
        return spec

    @staticmethod
    def create_module(spec: object) -> None:
        return None

    @classmethod
    def exec_module(cls, module: object) -> None:
        exec(cls.get_code(module.__spec__.name, module.__spec__.origin), module.__dict__)

    @classmethod
    def get_code(cls, name: str, file: str = "") -> object:
        return compile(SOURCES[name][1], file or name, "exec", dont_inherit=True)

    @staticmethod
    def get_source(name: str) -> str:
        return SOURCES[name][1].decode("utf-8", "replace")


class RefusedLoader:
    """Makes the stand-ins of refused modules."""

    @staticmethod
    def create_module(spec: object) -> types.ModuleType:
        return refused(spec.name)

    @staticmethod
    def exec_module(module: object) -> None:
        pass


#: Refused modules that test modules import at their top and use in a few tests.
REFUSED_HERE = set(
    "asyncio asyncio.base_events ctypes ctypes.util dbm dbm.dumb http.client http.server mmap multiprocessing"
    " pydoc resource select selectors socket socketserver ssl subprocess test.support.script_helper"
    " urllib.request".split()
)

sys.meta_path.insert(0, Finder)


class Collect(unittest.TestResult):
    """Keeps one outcome for each test; of its subtests those that did not pass decide."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, tuple[str, str]] = {}

    def note(self, test: object, outcome: str, text: str = "") -> None:
        name = test.id()
        if self.rows.get(name, ("passed",))[0] in ("passed", "skipped"):
            self.rows[name] = (outcome, text[-1500:])

    def trace(self, error: object) -> str:
        return "".join(traceback.format_exception(*error))

    def addSuccess(self, test: object) -> None:
        self.rows.setdefault(test.id(), ("passed", ""))

    def addFailure(self, test: object, error: object) -> None:
        self.note(test, "failed", self.trace(error))

    def addError(self, test: object, error: object) -> None:
        self.note(test, "failed", self.trace(error))

    def addSubTest(self, test: object, subtest: object, error: object) -> None:
        if error is not None:
            self.note(test, "failed", f"{subtest.id()}\n{self.trace(error)}")

    def addSkip(self, test: object, reason: str) -> None:
        self.rows.setdefault(test.id(), ("skipped", reason))

    def addExpectedFailure(self, test: object, error: object) -> None:
        self.rows.setdefault(test.id(), ("passed", ""))

    def addUnexpectedSuccess(self, test: object) -> None:
        self.note(test, "failed", "unexpected success")


def flatten(suite: object) -> list[unittest.TestCase]:
    if isinstance(suite, unittest.TestSuite):
        return [test for part in suite for test in flatten(part)]
    return [suite]


@update
def send(name: str, package: bool, source: blob) -> None:
    """A module of `test`; the last part of a long source comes last."""
    SOURCES[name] = (package, SOURCES.get(name, (package, b""))[1] + source)


@update
def lacks(name: str) -> None:
    """There is no such module."""
    ABSENT.add(name)


@update
def prepare() -> Opt[str]:
    """Imports what all tests need; answers the name of a module that was not sent."""
    MISSING.clear()
    try:
        import test.support
    except ImportError:
        if not MISSING:
            raise
    if MISSING:
        return MISSING[0]
    test.support.use_resources = []
    test.support.verbose = 0
    return None


@update
def load(name: str) -> Loaded:
    """Imports a test module and lists its tests."""
    result: Loaded = {"tests": [], "missing": None, "skipped": None, "error": None}
    MISSING.clear()
    try:
        module = importlib.import_module(name)
        TESTS[:] = flatten(unittest.defaultTestLoader.loadTestsFromModule(module))
        result["tests"] = [test.id() for test in TESTS]
    except unittest.SkipTest as reason:
        result["skipped"] = str(reason)
    except Exception as error:
        result["error"] = "".join(traceback.format_exception(error))[-3000:]
    if MISSING:
        sys.modules.pop(name, None)
        result["missing"] = MISSING[0]
    return result


@update
def run(first: nat64, count: nat64) -> Vec[Outcome]:
    """Runs some of the tests, each with the fixtures of its class and module."""
    result = Collect()
    unittest.TestSuite(TESTS[first : first + count]).run(result)
    gc.collect()
    return [{"test": name, "outcome": kind, "text": text} for name, (kind, text) in result.rows.items()]
