"""Stand-ins for refused modules, so that a test module that needs one in a few tests can be run."""

import importlib
import importlib.machinery
import types
import unittest
from typing import ClassVar

#: C modules that exist for tests only.
FOR_TESTS = (
    "_ctypes_test _testbuffer _testcapi _testclinic _testclinic_limited _testexternalinspection"
    " _testimportmultiple _testinternalcapi _testlimitedcapi _testmultiphase _testsinglephase"
    " _xxtestfuzz xxlimited xxlimited_35 xxsubtype"
).split()
#: What the product says where it refuses something, and the short form for the table.
REFUSALS = (
    ("can't start new thread: a canister", "starts a thread"),
    ("time.sleep() cannot wait", "sleeps"),
    ("a lock cannot be waited for", "waits for another thread"),
    ("a queue cannot be waited on", "waits for another thread"),
)


def below(name: str, names: object) -> bool:
    return any(name == one or name.startswith(one + ".") for one in names)


class Absent(type):
    """Whatever a test takes from a module that canisters refuse: calling it skips the test."""

    def __getattr__(cls, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __getitem__(cls, _key: object) -> object:
        return cls

    def __setitem__(cls, _key: object, _value: object) -> None:
        cls()

    def __iter__(cls) -> object:
        return iter(())

    def __enter__(cls) -> object:
        return cls

    def __exit__(cls, *_error: object) -> None:
        pass

    def __call__(cls, *_arguments: object, **_named: object) -> object:
        if StandIns.loading:
            return cls
        raise unittest.SkipTest(needs(cls.__module__))


class NotAsync(unittest.TestCase):
    """Stands for `unittest.IsolatedAsyncioTestCase`, so that the tests of its subclasses are counted."""

    def run(self, result: object = None) -> None:
        result.startTest(self)
        result.addSkip(self, needs("asyncio"))
        result.stopTest(self)


class StandIns:
    """Refused modules without which a test module cannot be imported: they skip where they are used."""

    names: ClassVar[set[str]] = set()
    #: While a test module is imported, what it calls of a stand-in answers with more of the same.
    loading = False

    @staticmethod
    def create_module(spec: object) -> types.ModuleType:
        name = spec.name
        made = types.ModuleType(name)
        made.__path__ = []

        def get(attribute: str) -> object:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            if attribute == "IsolatedAsyncioTestCase":
                return NotAsync
            return made.__dict__.setdefault(attribute, Absent(attribute, (Exception,), {"__module__": name}))

        made.__getattr__ = get  # type: ignore[method-assign]
        return made

    @staticmethod
    def exec_module(module: object) -> None:
        pass


def needs(name: str) -> str:
    kind = "a C module for tests only" if below(name, FOR_TESTS) else "not in a canister"
    return f"needs {name}: {kind}"


def refusal(error: BaseException | None) -> str | None:
    """Why a canister cannot do what ended in ``error``, or None when that was something else."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        missing = lacking(error)
        if missing is not None:
            return needs(missing)
        if isinstance(error, RuntimeError):
            for text, short in REFUSALS:
                if text in str(error):
                    return f"{short}: not in a canister"
        error = error.__cause__ or error.__context__
    return None


def lacking(error: BaseException) -> str | None:
    """The module whose import failed because canisters refuse it or it exists for tests only."""
    if not isinstance(error, ImportError) or not error.name:
        return None
    text, name = str(error), error.name
    if error.name_from is not None and f"cannot import name {error.name_from!r}" in text:
        # The import statement hides why a submodule is refused.
        name = f"{error.name}.{error.name_from}"
        try:
            importlib.import_module(name)
        except ImportError as inner:
            text = str(inner)
    refused = " cannot work in a canister" in text or " is not part of a canister" in text
    return name if refused or below(name, FOR_TESTS) else None


def absent(error: BaseException | None) -> str | None:
    """The refused module whose absence ended in ``error``."""
    while error is not None:
        missing = lacking(error)
        if missing is not None:
            return missing
        error = error.__cause__ or error.__context__
    return None
