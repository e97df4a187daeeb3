"""Programs that go too far, in an interpreter of this machine that is watched."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from tests.runtime.limits.cases import Case, read

__all__ = ["run_all", "run_one"]

#: Stands for what the canister of tests/runtime/limits gives to programs; ends quietly whatever they raise.
_AROUND = """\
import sys
DEPTH = 20_000
def nested():
    value = []
    for _ in range(DEPTH): value = [value]
    return value
def at_the_bottom(function): return function()
code = sys.stdin.read()
try: exec(code, {"nested": nested, "at_the_bottom": at_the_bottom, "DEPTH": DEPTH, "__name__": "attack"})
except BaseException as error: print("ended with", type(error).__name__)
else: print("ended")
sys.stdout.flush()
"""

#: Not here: they need what a canister has, end the process, or would take all of this machine.
_NOT_HERE = {
    "abort",
    "underscore_exit",
    "kill",
    "fork",
    "system",
    "popen",
    "thread",
    "ctypes",
    "raise_signal",
    "read_memory",
}


def run_one(python: Sequence[str], case: Case, seconds: int = 60) -> str | None:
    """What is wrong, or None.  A program that takes longer is stopped, which is no fault."""
    # The stack of this machine is as large as it likes: what is looked for here is damage, not depth.
    command = ["sh", "-c", 'ulimit -s unlimited; exec "$@"', "sh", *python, "-c", _AROUND]
    try:
        done = subprocess.run(
            command, input=case.code.encode(), capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    report = done.stderr.decode("utf-8", "replace")
    for mark in ("ERROR: AddressSanitizer", "Assertion `", "Fatal Python error", "_PyObject_AssertFailed"):
        if mark in report:
            return report[report.index(mark) :][:1500]
    if b"ended" not in done.stdout:
        return f"exit code {done.returncode}: {report[-500:]}"
    return None


def run_all(python: Sequence[str]) -> int:
    """Runs the short programs of all topics and prints each fault; 1 if there is any."""
    faults = ran = 0
    for topic in ("recursion", "freeing", "inside", "conduct"):
        for case in read(topic):
            if case.complete or case.name in _NOT_HERE or case.ends == "instruction limit":
                continue
            ran += 1
            fault = run_one(python, case)
            if fault is not None:
                faults += 1
                print(f"{topic}/{case.name}: {fault}\n", flush=True)
    print(f"{ran} programs, {faults} faults")
    return 1 if faults else 0
