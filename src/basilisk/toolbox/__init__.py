"""The toolbox: what needs a look at every instruction or byte of a module, done by compiled code.

The code is Rust, compiled once to a WebAssembly module that comes with the runtime; here it is run in
wasmtime.  So results are the same on every machine, and nothing needs to be compiled on the user's.

* :func:`validate` checks a module against the rules of the Internet Computer and measures it.
* :func:`gzip` compresses a module, and a changed module in a fraction of the time.
* :meth:`Toolbox.meter` makes a module count what it executes, in the network's unit.

They use the toolbox of the runtime artefact; :class:`Toolbox` runs another one.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path

from basilisk.toolbox.deflate import Compressor
from basilisk.toolbox.encoding import decode
from basilisk.toolbox.limits import MAINNET, Limits
from basilisk.toolbox.locate import find_module
from basilisk.toolbox.machine import Machine
from basilisk.toolbox.report import Finding, FunctionSize, Report, Share, read_report
from basilisk.toolbox.store import PieceStore

__all__ = [
    "MAINNET",
    "Finding",
    "FunctionSize",
    "Limits",
    "Report",
    "Share",
    "Toolbox",
    "default_toolbox",
    "gzip",
    "use",
    "validate",
]


class Toolbox:
    """A toolbox module, compiled.

    ``cache`` is a folder for machine code and compressed pieces (None: the user's cache).
    """

    def __init__(self, module: bytes, cache: Path | None = None) -> None:
        self._machine = Machine(module, None if cache is None else cache / "compiled")
        self._compressor = Compressor(self._machine, PieceStore(None if cache is None else cache / "deflate"))

    def validate(
        self, data: bytes, *, limits: Limits = MAINNET, names: Mapping[int, str] | None = None
    ) -> Report:
        """Check what would be uploaded: a module as it is, or as a gzip stream.

        All violations are collected.  ``names`` are function names to use in messages; without them the
        module's own name section is used.
        """
        decoded = decode(data, limits)
        if decoded.module is None:
            return Report(decoded.violations, limits=limits)
        answer = json.loads(self._machine.start().check(decoded.module, limits.pack(), True))
        report = read_report(answer, names if names is not None else _names(decoded.module), limits)
        report.violations[:0] = decoded.violations
        report.measures["upload_size"] = len(data)
        return report

    def gzip(self, data: bytes) -> bytes:
        """``data`` as one gzip stream, the same bytes on every machine."""
        return self._compressor.gzip(data)

    @property
    def digest(self) -> str:
        """What tells this toolbox from others: SHA-256 of its module, in hexadecimal."""
        return self._machine.digest

    def meter(self, module: bytes) -> bytes:
        """A valid ``module`` without custom sections and imports of anything but functions, metered.

        A global counts down what its instructions cost on the Internet Computer.  The result has these
        exports more: ``c``, the counter; ``x``, which is 1 once code has stopped itself (``unreachable``)
        because the counter was below zero; ``h``, a table whose function is called after each
        ``memory.grow`` with the result and the pages asked for and returns the result; ``o<number>``, whose
        name tells how many operators the network would compile.
        Raises ArtefactError for what is not a module.
        """
        return self._machine.start().meter(module)


def _names(module: bytes) -> dict[int, str]:
    from basilisk.wasm.errors import MalformedModule
    from basilisk.wasm.module import Module
    from basilisk.wasm.names import function_names

    try:
        return function_names(Module.parse(module))
    except MalformedModule:
        return {}


_lock = threading.Lock()
_default: Toolbox | None = None


def use(module: bytes) -> Toolbox:
    """Make ``module`` the toolbox of this process: for who has opened the runtime artefact already."""
    global _default
    with _lock:
        if _default is None or _default.digest != hashlib.sha256(module).hexdigest():
            _default = Toolbox(module)
        return _default


def default_toolbox() -> Toolbox:
    """The toolbox of this process, from ``BASILISK_TOOLBOX`` or the runtime artefact."""
    global _default
    with _lock:
        if _default is None:
            _default = Toolbox(find_module())
        return _default


def validate(data: bytes, *, limits: Limits = MAINNET, names: Mapping[int, str] | None = None) -> Report:
    """:meth:`Toolbox.validate` of the process's toolbox."""
    return default_toolbox().validate(data, limits=limits, names=names)


def gzip(data: bytes) -> bytes:
    """:meth:`Toolbox.gzip` of the process's toolbox."""
    return default_toolbox().gzip(data)
