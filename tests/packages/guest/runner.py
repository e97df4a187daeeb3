"""Finds and runs the tests of modules inside a canister: those of unittest and those of pytest."""

import contextlib
import inspect
import itertools
import json
import traceback
import types
import unittest
import warnings

import pytest

from basilisk import ic

MOST_INSTRUCTIONS = 8_000_000_000
"""After so many the rest of the tests is left to the next message."""

ABSENT = (
    "cannot work in a canister",
    "can't start new thread",
    "no random bytes: a canister has no entropy",
    "OSError: [Errno 58] Not supported",  # time.sleep
    "FileNotFoundError: [Errno 44] No such file or directory: 'tests/",
)
"""Parts of messages that say that a test asks for what a canister does not have."""

TESTS = []
"""Pairs of a name and a function that runs the test."""


def collect(module):
    """Add the tests of a module to the list; a text is the reason why the module could not be imported."""
    if isinstance(module, tuple):
        name, reason = module
        TESTS.append((name, lambda: pytest.skip(reason)))
        return
    space = vars(module)
    for name, item in list(space.items()):
        if isinstance(item, type) and issubclass(item, unittest.TestCase):
            for method in unittest.TestLoader().getTestCaseNames(item) or _whole(item):
                TESTS.append(
                    (
                        f"{module.__name__}.{name}.{method}",
                        lambda item=item, method=method: _unittest(item, method),
                    )
                )
        elif isinstance(item, type) and name.startswith("Test") and item.__module__ == module.__name__:
            for method in dir(item):
                if method.startswith("test"):
                    _pytest(f"{module.__name__}.{name}.{method}", getattr(item, method), module, item)
        elif isinstance(item, types.FunctionType) and name.startswith("test"):
            _pytest(f"{module.__name__}.{name}", item, module, None)


def _whole(case):
    return ["runTest"] if hasattr(case, "runTest") else []


def _unittest(case, method):
    result = unittest.TestResult()
    case(method).run(result)
    for _, text in [*result.errors, *result.failures]:
        raise AssertionError(text)
    for _, reason in result.skipped:
        pytest.skip(reason)
    if result.expectedFailures:
        pytest.skip("expected to fail")


def _marks(function, owner, module):
    return [
        *_listed(getattr(module, "pytestmark", ())),
        *_listed(getattr(owner, "pytestmark", ()) if owner else ()),
        *_listed(getattr(function, "pytestmark", ())),
    ]


def _listed(marks):
    return list(marks) if isinstance(marks, (list, tuple)) else [marks]


def _pytest(name, function, module, owner):
    marks = _marks(function, owner, module)
    rows = [({}, [])]
    for mark in marks:
        if mark.name == "parametrize":
            names = mark.arguments[0]
            names = [item.strip() for item in names.split(",")] if isinstance(names, str) else list(names)
            fresh = []
            for (row, more), value in itertools.product(rows, list(mark.arguments[1])):
                values = (
                    value.values
                    if isinstance(value, pytest._Param)
                    else (value,)
                    if len(names) == 1
                    else value
                )
                extra = list(value.marks) if isinstance(value, pytest._Param) else []
                fresh.append(({**row, **dict(zip(names, values))}, more + extra))
            rows = fresh
    for number, (row, more) in enumerate(rows):
        label = f"{name}[{number}]" if len(rows) > 1 else name
        TESTS.append((label, lambda row=row, more=more: _call(function, module, owner, row, marks + more)))


def _call(function, module, owner, row, marks):
    fails = None
    for mark in marks:
        reason = mark.keywords.get("reason", "")
        if mark.name == "skip" or (mark.name == "skipif" and mark.arguments and mark.arguments[0]):
            pytest.skip(reason or str(mark.arguments[1:]))
        if mark.name == "xfail" and (not mark.arguments or mark.arguments[0]):
            fails = reason or "no reason given"
    instance = owner() if owner else None
    with contextlib.ExitStack() as stack:
        if hasattr(instance, "setup_method"):
            instance.setup_method(function)
        wanted = [item for item in inspect.signature(function).parameters if item != "self"]
        values = {
            item: row[item] if item in row else _fixture(item, module, instance, stack) for item in wanted
        }
        try:
            function(*((instance,) if instance is not None else ()), **values)
        except Exception:
            if fails is not None:
                pytest.skip(f"expected to fail: {fails}")
            raise


def _fixture(name, module, instance, stack):
    maker = getattr(type(instance), name, None) if instance is not None else None
    bound = maker is not None
    maker = maker or getattr(module, name, None)
    if not getattr(maker, "is_fixture", False):
        pytest.skip(f"needs pytest's fixture {name}")
    wanted = [item for item in inspect.signature(maker).parameters if item != "self"]
    if "request" in wanted:
        pytest.skip(f"needs pytest's fixture {name} with parameters")
    values = {item: _fixture(item, module, instance, stack) for item in wanted}
    made = maker(instance, **values) if bound else maker(**values)
    if inspect.isgenerator(made):
        stack.callback(lambda: next(made, None))
        return next(made)
    return made


def run(start, most):
    """Run tests from number ``start`` on, at most ``most``, until many instructions are used.

    Answers with JSON rows of name, result and reason.
    """
    rows = []
    end = min(start + most, len(TESTS))
    while start + len(rows) < end and ic.performance_counter(0) < MOST_INSTRUCTIONS:
        name, test = TESTS[start + len(rows)]
        try:
            with warnings.catch_warnings():
                test()
            rows.append([name, "passed", ""])
        except unittest.SkipTest as skipped:
            rows.append([name, "skipped", str(skipped)])
        except BaseException as error:
            text = "".join(traceback.format_exception(error))
            refused = any(part in text for part in ABSENT)
            rows.append([name, "refused" if refused else "failed", f"{type(error).__name__}: {text[-1500:]}"])
    return json.dumps(rows)
