"""What became of the tests of one message."""

import contextlib
import sys
import traceback
import unittest

from standins import refusal

from basilisk import ic

#: Instructions after which a message takes no further test; a message may execute 40 billion.
ENOUGH = 12_000_000_000


class Collect(unittest.TestResult):
    """Keeps one outcome for each test; of its subtests those that did not pass decide."""

    def __init__(self, first: int, tests: list[object]) -> None:
        super().__init__()
        self.now = first
        self.tests = tests
        self.rows: dict[int, tuple[str, str]] = {}
        self.fixture: dict[str, tuple[str, str]] = {}
        self.numbers = {id(test): number for number, test in enumerate(tests)}

    def startTest(self, test: object) -> None:
        super().startTest(test)
        self.now = self.numbers[id(test)]
        ic.print(f"@{self.now}")

    def stopTest(self, test: object) -> None:
        super().stopTest(test)
        if ic.performance_counter() > ENOUGH:
            self.stop()

    def note(self, test: object, outcome: str, text: str) -> None:
        number = self.numbers.get(id(test))
        if number is None:
            self.fixture[test.id()] = (outcome, text)
        elif self.rows.get(number, ("passed",))[0] in ("passed", "skipped"):
            self.rows[number] = (outcome, text)

    def wrong(self, test: object, error: object, what: str = "") -> None:
        why = refusal(error[1])
        if why is not None:
            self.note(test, "skipped", why)
        else:
            self.note(test, "failed", what + "".join(traceback.format_exception(*error))[-2500:])

    def addSuccess(self, test: object) -> None:
        self.rows.setdefault(self.numbers[id(test)], ("passed", ""))

    def addFailure(self, test: object, error: object) -> None:
        self.wrong(test, error)

    def addError(self, test: object, error: object) -> None:
        self.wrong(test, error)

    def addSubTest(self, test: object, subtest: object, error: object) -> None:
        if error is not None:
            self.wrong(test, error, f"{subtest.id()}\n")

    def addSkip(self, test: object, reason: str) -> None:
        # A test with a skipped subtest does not count as passed, as it is for unittest.
        number = self.numbers.get(id(getattr(test, "test_case", test)))
        if number is None:
            self.fixture[test.id()] = ("skipped", reason)
        else:
            self.rows.setdefault(number, ("skipped", reason))
            if reason.startswith("needs "):
                self.undo(test)

    def undo(self, test: object) -> None:
        """Take back what setUp did before it came to a stand-in; unittest does it after whole setUps only."""
        trace = sys.exc_info()[2]
        names = [frame.f_code.co_name for frame, _ in traceback.walk_tb(trace)]
        if "setUp" in names:
            with contextlib.suppress(Exception):
                test.tearDown()

    def addExpectedFailure(self, test: object, error: object) -> None:
        self.rows.setdefault(self.numbers[id(test)], ("passed", ""))

    def addUnexpectedSuccess(self, test: object) -> None:
        self.note(test, "failed", "unexpected success")

    def outcome(self, number: int) -> tuple[str, str]:
        """The outcome of a test; when it was not started, that of what should have prepared it."""
        if number in self.rows:
            return self.rows[number]
        kind = type(self.tests[number])
        fixtures = (f"setUpClass ({kind.__module__}.{kind.__qualname__})", f"setUpModule ({kind.__module__})")
        for name in fixtures:
            if name in self.fixture:
                outcome, text = self.fixture[name]
                return outcome, text
        return "failed", "was not run"
