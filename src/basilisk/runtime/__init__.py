"""The runtime artefact on the user's machine: where it is found, and that it is whole.

The artefact is one file, ``runtime.wasm.zst``: CPython and the bridge as a WebAssembly module, with the
standard library, the toolbox and a manifest in custom sections.  :func:`load` finds and opens it.
"""

from __future__ import annotations

from .artefact import Runtime, open_artefact
from .lookup import Found, find, load

__all__ = ["Found", "Runtime", "find", "load", "open_artefact"]
