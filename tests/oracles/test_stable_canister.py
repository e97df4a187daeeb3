"""What a canister in Python wrote, a program in Rust reads with ic-stable-structures, and vice versa."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from basilisk.engine.memory import WASM_PAGE
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica
from tests.runtime.conftest import artefact

from .stable_crate import StableCrate, start

__all__ = ["artefact"]

PROGRAM = Path(__file__).parent / "programs" / "structures.py"

WithMemory = Callable[[bytes], Canister]

#: A canister whose stable memory can be written from outside, as if a program in Rust had run there.
RAW = """
from basilisk import ic, blob, nat64, update, void

@update
def grow(pages: nat64) -> void:
    ic.stable64_grow(pages)

@update
def write(offset: nat64, data: blob) -> void:
    ic.stable64_write(offset, data)
"""


@pytest.fixture(scope="module")
def crate() -> StableCrate:
    return start()


@pytest.fixture
def with_memory(tmp_path: Path, artefact: Found, replica: LocalReplica) -> WithMemory:
    """Makes a canister whose stable memory holds some bytes."""

    def make(memory: bytes) -> Canister:
        file = tmp_path / "main.py"
        file.write_text(RAW, encoding="utf-8")
        canister = replica.deploy(file)
        canister.grow(len(memory) // WASM_PAGE)
        for offset in range(0, len(memory), WASM_PAGE):
            page = memory[offset : offset + WASM_PAGE]
            if page.strip(b"\0"):
                canister.write(offset, page)
        return canister

    return make


def test_rust_reads_and_changes_what_python_wrote(
    crate: StableCrate, replica: LocalReplica, artefact: Found, with_memory: WithMemory
) -> None:
    canister = replica.deploy(PROGRAM)
    canister.change()
    shown = canister.show()
    crate.load(canister.stable_memory())
    assert crate.print() == shown
    # Rust goes on, and Python again, in a canister to which the memory is brought.
    crate.load(canister.stable_memory())
    crate.change()
    after = with_memory(crate.dump())
    after.upgrade(PROGRAM)
    assert after.show() == crate.print()
    assert "written by Rust" in after.show()[7] and "python 199" in after.show()[1]


def test_python_reads_and_changes_what_rust_wrote(crate: StableCrate, with_memory: WithMemory) -> None:
    crate.load(b"")
    crate.change()
    memory = crate.dump()
    canister = with_memory(memory)
    assert canister.stable_memory() == memory
    canister.upgrade(PROGRAM)
    shown = canister.show()
    assert crate.print() == shown
    canister.empty_half()
    canister.change()
    canister.upgrade()
    shown = canister.show()
    assert '"rust 0"' not in shown[1] and '"rust 1"' in shown[1] and "by Python" in shown[7]
    crate.load(canister.stable_memory())
    assert crate.print() == shown
