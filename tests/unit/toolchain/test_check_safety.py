"""The search for unsafe code without a reason."""

from __future__ import annotations

import pytest

from tools.check_safety import faults

REASON = "// SAFETY: the caller checked it.\n"


@pytest.mark.parametrize(
    "code",
    [
        f"{REASON}unsafe {{ go() }}\n",
        "unsafe { go() } // SAFETY: it is checked.\n",
        f"{REASON}#[inline]\nunsafe impl Sync for T {{}}\n",
        "/// # Safety\n/// `p` must be valid.\npub unsafe fn f(p: *const u8) {}\n",
        f"{REASON}let x =\n    unsafe {{ go() }};\n",
        "// unsafe { in a comment }\n",
        'extern "C" fn safe() {}\n',
        "#![deny(unsafe_op_in_unsafe_fn)]\n",
        "    unsafe fn alloc(&self) {}\n",  # a method of a trait, whose documentation has the section
    ],
)
def test_code_with_a_reason_passes(code: str) -> None:
    """All the places where a reason may stand."""
    assert list(faults(code)) == []


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("fn f() {\n    unsafe { go() }\n}\n", 2),
        ("unsafe impl Sync for T {}\n", 1),
        ("pub unsafe fn f() {}\n", 1),
        (f"{REASON}let a = 1;\nunsafe {{ go() }}\n", 3),
        ("// a remark\nunsafe { go() }\n", 2),
    ],
)
def test_code_without_a_reason_is_named(code: str, line: int) -> None:
    """A reason further up, with a statement between, does not count."""
    assert list(faults(code)) == [line]
