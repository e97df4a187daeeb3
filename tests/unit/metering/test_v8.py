"""The same counts in an engine that shares no code with wasmtime, where Node.js is installed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from basilisk.engine import Engine, TrapKind
from basilisk.wasm.shell import split
from tests.unit.metering.conftest import LIMIT, run_on
from tests.unit.metering.test_counts import CASES, TRAPS, module

_SCRIPT = Path(__file__).with_name("v8.mjs")
_FLAGS = "--experimental-wasm-memory64"


def request(engine: Engine, text: str) -> dict[str, Any]:
    parts = split(bytes(wasmtime.wat2wasm(text)))
    meter = engine.meter
    assert meter is not None
    functions = [parts.image.start] if parts.image.start is not None else []
    functions.append(parts.image.exports["run"])
    return {
        "shell": base64.b64encode(meter.meter(parts.shell)).decode(),
        "wide": engine.compile(parts.shell).wide,
        "pages": parts.image.memory_pages,
        "globals": parts.image.globals,
        "calls": [f"f{number}" for number in functions],
        "limit": LIMIT,
    }


def test_v8_counts_the_same(engine: Engine) -> None:
    """Instructions, the way a run ends, and memory, for all cases that were worked out by hand."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        pytest.skip("Node.js is not installed; Pulley is the second engine in any case")
    texts = {name: module(item[0]) for name, item in {**CASES, **TRAPS}.items()}
    answer = subprocess.run(
        [node, _FLAGS, str(_SCRIPT)],
        input=json.dumps([request(engine, text) for text in texts.values()]),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode == 9 or "bad option" in answer.stderr:
        pytest.skip("this Node.js does not know the features that the network accepts")
    assert answer.returncode == 0, answer.stderr
    for (name, text), found in zip(texts.items(), json.loads(answer.stdout), strict=True):
        expected = run_on(engine, text)
        assert int(found["instructions"]) == expected.instructions, name
        assert found["exhausted"] == (expected.trap is TrapKind.OUT_OF_INSTRUCTIONS), name
        assert found["trapped"] == (expected.trap is not None), name
        assert base64.b64decode(found["memory"]) == expected.memory, name
