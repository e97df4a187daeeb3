"""Each example's session fits its interface file, without running anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Func
from basilisk.candid.value_reader import parse_values
from basilisk.testing.script import Call, ChangeCode, read
from basilisk.testing.session import identity

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "main.py").is_file())


def _fill(text: str) -> str:
    text = re.sub(r"\$\{(\w+)\}", lambda match: str(identity(match[1])), text)
    return re.sub(r'(?<![\w"])_(?![\w"])', "1", text)


def test_the_examples_are_there() -> None:
    """The programs that the README names."""
    assert {"counter", "key_value_store", "ledger", "text_tools"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_complete(name: str) -> None:
    """Program, explanation, interface, session and tests."""
    folder = EXAMPLES / name
    for file in ("main.py", "README.md", f"{name}.did", "session.txt", f"test_{name}.py"):
        assert (folder / file).is_file(), file


@pytest.mark.parametrize("name", NAMES)
def test_the_session_fits_the_interface(name: str) -> None:
    """Methods exist, arguments and replies have the types that the .did file gives them."""
    folder = EXAMPLES / name
    interface = parse_did((folder / f"{name}.did").read_text(), source=f"{name}.did")
    assert interface.service is not None
    methods = dict(interface.service.methods)
    called = set()
    for step in read(folder / "session.txt"):
        if isinstance(step, ChangeCode):
            if step.mode == "install":
                parse_values(_fill(step.arguments), interface.init_args, interface.environment)
        elif isinstance(step, Call):
            function = methods[step.method]
            assert isinstance(function, Func)
            called.add(step.method)
            if isinstance(step.expected, str):
                parse_values(_fill(step.arguments), function.args, interface.environment)
                parse_values(_fill(step.expected), function.results, interface.environment)
    tests = (folder / f"test_{name}.py").read_text(encoding="utf-8")
    called |= {method for method in methods if re.search(rf"\.{method}\(|['\"]{method}['\"]", tests)}
    assert called == set(methods), "the session and the tests show every method"
