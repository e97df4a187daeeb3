"""The runtime artefact itself: it can be turned into snapshots, and it is within the limits."""

from __future__ import annotations

import pytest

from basilisk import runtime
from basilisk.toolbox import Toolbox
from basilisk.wasm.link import link
from basilisk.wasm.shell import split

#: The most complex function must leave room to other compilers and options.
LARGEST_COMPLEXITY = 900_000


@pytest.fixture(scope="module")
def module() -> bytes:
    """The runtime's module."""
    if runtime.find() is None:
        pytest.skip("there is no runtime artefact; `make runtime` builds it")
    return runtime.load().module


def test_the_runtime_can_be_snapshotted(toolbox: Toolbox, module: bytes) -> None:
    """It breaks no rule, and its state is one memory and numeric globals."""
    report = toolbox.validate(module).require().require_snapshot()
    assert report.warnings == []
    assert report.by_complexity[0].complexity < LARGEST_COMPLEXITY


def test_the_shell_of_the_runtime_is_that_of_its_canisters(module: bytes) -> None:
    """Linking the runtime with the state it starts with keeps shell and state."""
    parts = split(module)
    image = parts.image
    canister = link(module, image.memory(), image.globals, {"canister_init": "basilisk_entry_init"})
    again = split(canister)
    assert again.shell == parts.shell
    assert again.image.memory() == image.memory()
    assert again.image.globals == image.globals
    assert again.image.exports == {"canister_init": image.exports["basilisk_entry_init"]}
