"""Runs of pytest within a test."""

from __future__ import annotations

import pytest

from basilisk.testing import plugin

__all__ = ["run_pytest"]


def run_pytest(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Runs pytest with the plug-in in this process.

    Without pytest's own fault handler: when the inner run ends, it would put its signal handlers in the place
    of wasmtime's, and the next trap in WebAssembly would end the process.
    """
    return pytester.runpytest_inprocess("-p", "no:faulthandler", "-W", "error", *options, plugins=[plugin])
