"""A thread with a native stack large enough for the wasm stack of the Internet Computer.

wasmtime runs wasm code on the caller's native stack.  Python's main thread often has 8 MiB, others less, so
every call into wasm goes through one worker thread whose size we choose.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from basilisk.engine.config import NATIVE_STACK

__all__ = ["WasmThread"]

T = TypeVar("T")

# threading.stack_size is a setting of the whole process: hold this while a thread is being started.
_STACK_SIZE_LOCK = threading.Lock()


class _Job:
    __slots__ = ("args", "done", "error", "function", "result")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function = function
        self.args = args
        self.done = threading.Lock()
        self.done.acquire()
        self.result: Any = None
        self.error: BaseException | None = None


class WasmThread:
    """Runs functions one at a time on a thread with a big native stack.

    A call made from the thread itself runs at once, so host functions may call back into wasm.
    """

    def __init__(self, stack_bytes: int = NATIVE_STACK) -> None:
        self._stack_bytes = stack_bytes
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, function: Callable[..., T], *args: Any) -> T:
        """Call ``function`` with ``args`` on the thread and return its result or raise its exception."""
        if self._thread is None:
            self._start()
        if threading.current_thread() is self._thread:
            return function(*args)
        job = _Job(function, args)
        self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def close(self) -> None:
        """Let the thread end once it has finished what was handed to it."""
        with self._start_lock:
            if self._thread is not None:
                self._jobs.put(None)
                self._thread.join()
                self._thread = None

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._loop, name="basilisk-wasm", daemon=True)
            with _STACK_SIZE_LOCK:
                previous = threading.stack_size(self._stack_bytes)
                try:
                    thread.start()
                finally:
                    threading.stack_size(previous)
            self._thread = thread

    def _loop(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                job.result = job.function(*job.args)
            except BaseException as error:  # handed to the waiting thread
                job.error = error
            job.done.release()
            del job
