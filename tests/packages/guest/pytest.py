"""The part of pytest that tests of packages use, for tests that run inside a canister.

Fixtures are plain functions or generators without scope; marks are kept on the functions.
"""

import contextlib
import importlib
import re
import unittest
import warnings


class Skipped(unittest.SkipTest):
    """A test that asks to be left out."""


def skip(reason="", **_):
    raise Skipped(reason)


def fail(reason="", **_):
    raise AssertionError(reason)


def xfail(reason=""):
    raise Skipped(f"expected to fail: {reason}")


def importorskip(name, *_, **__):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Skipped(str(error)) from error


class _Raised:
    def __init__(self, expected, match):
        self.expected = expected
        self.pattern = match
        self.value = None
        self.type = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            raise AssertionError(f"{self.expected} was not raised")
        if not issubclass(kind, self.expected):
            return False
        self.type, self.value = kind, value
        self.match(self.pattern)
        return True

    def match(self, pattern):
        assert pattern is None or re.search(pattern, str(self.value)), (
            f"{self.value} does not match {pattern}"
        )
        return True


def raises(expected, *arguments, match=None, **keywords):
    context = _Raised(expected, match)
    if not arguments:
        return context
    with context:
        arguments[0](*arguments[1:], **keywords)
    return context


@contextlib.contextmanager
def warns(expected=Warning, *, match=None):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found
    fitting = [item for item in found if issubclass(item.category, expected)]
    assert fitting, f"no {expected} among {found}"
    assert match is None or any(re.search(match, str(item.message)) for item in fitting)


def deprecated_call():
    return warns((DeprecationWarning, PendingDeprecationWarning))


class approx:
    def __init__(self, expected, rel=1e-6, abs=1e-12):
        self.expected, self.rel, self.abs = expected, rel, abs

    def __eq__(self, other):
        return abs(other - self.expected) <= max(self.rel * abs(self.expected), self.abs)


class _Param:
    def __init__(self, values, marks):
        self.values = values
        self.marks = tuple(marks) if isinstance(marks, (list, tuple)) else (marks,)


def param(*values, marks=(), id=None):
    return _Param(values, marks)


class _Mark:
    def __init__(self, name, arguments=(), keywords=None):
        self.name, self.arguments, self.keywords = name, arguments, keywords or {}

    def __call__(self, *arguments, **keywords):
        plain = (
            len(arguments) == 1
            and not keywords
            and not self.arguments
            and self.name not in ("skipif", "usefixtures")
        )
        if plain and (isinstance(arguments[0], type) or type(arguments[0]).__name__ == "function"):
            return self._on(arguments[0])
        if self.arguments or self.keywords:
            return self._on(arguments[0])
        return _Mark(self.name, arguments, keywords)

    def _on(self, target):
        target.pytestmark = [*getattr(target, "pytestmark", ()), self]
        return target


class _Marks:
    def __getattr__(self, name):
        return _Mark(name)


mark = _Marks()


def fixture(function=None, **options):
    if function is None:
        return lambda found: fixture(found, **options)
    function.is_fixture = True
    function.parameters = options.get("params")
    return function
