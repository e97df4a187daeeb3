"""The cross build of CPython: what is built, and when."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from cpython import cross
from cpython.pins import load_pins
from cpython.progress import Progress


def test_two_builds_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds of different interpreters take turns: all of them work in the same folder."""
    monkeypatch.setattr(cross, "cache_root", lambda: tmp_path)
    monkeypatch.setattr("cpython.cache.cache_root", lambda: tmp_path)
    inside = threading.Semaphore(1)
    other_waits = threading.Event()
    alone: list[bool] = []

    def build(pins: Any, toolchain: Any, progress: Any, prefix: Path, debug: bool) -> None:
        alone.append(inside.acquire(blocking=False))
        # Until the other one says that it has to wait for this, or came in all the same.
        assert other_waits.wait(60)
        (prefix / "built").write_text(str(debug), "utf-8")
        inside.release()

    class Waiting(Progress):
        def say(self, message: str) -> None:
            if "waiting" in message:
                other_waits.set()

    monkeypatch.setattr(cross, "_build", build)
    pins, progress, unused = load_pins(), Waiting(tmp_path), Any
    threads = [
        threading.Thread(target=cross.build_cpython, args=(pins, unused, progress, debug))
        for debug in (False, True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert alone == [True, True]
    built = {path.read_text("utf-8") for path in tmp_path.glob("cpython/*/built")}
    assert built == {"False", "True"}
