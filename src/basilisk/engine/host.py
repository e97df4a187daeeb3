"""Host functions: what a module imports, written in Python.

The functions are called by wasmtime through one C callback that takes the raw argument words; going through
typed values would cost several times as much.  Arguments arrive as unsigned integers.
"""

from __future__ import annotations

import ctypes
import itertools
import struct
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from basilisk.engine.traps import HostRefusal

__all__ = ["HostFunction", "ImportSignature", "Imports", "refuse_all_but", "signatures"]

#: A host function takes unsigned integers and returns one or nothing.
HostFunction = Callable[..., Any]

#: Finds the function for an import, given its module and name.  Raises KeyError for an unknown one.
Imports = Callable[[str, str], HostFunction]

_WORDS = {"i32": "I12x", "i64": "Q8x"}
_MASKS = {"i32": 0xFFFF_FFFF, "i64": 0xFFFF_FFFF_FFFF_FFFF}


class ImportSignature:
    """Name and type of one imported function.  Raises ValueError if its type is not made of integers."""

    def __init__(self, module: str, name: str, type_: wasmtime.FuncType) -> None:
        self.module = module
        self.name = name
        self.type = type_
        self.params = tuple(str(item) for item in type_.params)
        self.results = tuple(str(item) for item in type_.results)
        if len(self.results) > 1 or not set(self.params + self.results) <= set(_WORDS):
            raise ValueError(f"import {module}.{name} has a type that no host function has")
        self.unpack = struct.Struct("<" + "".join(_WORDS[item] for item in self.params)).unpack
        self.width = 16 * len(self.params)
        self.mask = _MASKS[self.results[0]] if self.results else 0


def signatures(module: wasmtime.Module) -> list[ImportSignature]:
    """The function imports of a module, in order.  Raises ValueError for anything else it imports."""
    found = []
    for item in module.imports:
        if not isinstance(item.type, wasmtime.FuncType):
            raise ValueError(f"import {item.module}.{item.name} is not a function")
        found.append(ImportSignature(item.module, item.name or "", item.type))
    return found


def refuse_all_but(allowed: Mapping[str, HostFunction]) -> Imports:
    """Imports for a run that may use nothing but ``allowed`` (name → function).

    Any other import may be present but raises HostRefusal when called.  This is the environment of code
    that runs while a canister is built.
    """

    def find(module: str, name: str) -> HostFunction:
        if name in allowed:
            return allowed[name]

        def refuse(*_: int) -> None:
            raise HostRefusal(module, name)

        return refuse

    return find


class Frame:
    """What the callback needs to know of one bound host function."""

    __slots__ = ("__weakref__", "function", "pending", "signature")

    def __init__(
        self, function: HostFunction, signature: ImportSignature, pending: list[BaseException]
    ) -> None:
        self.function = function
        self.signature = signature
        self.pending = pending


# The instance holds its frames; from here they are only found, so that a forgotten instance can be freed.
_frames: weakref.WeakValueDictionary[int, Frame] = weakref.WeakValueDictionary()
_numbers = itertools.count(1)
_TRAP_TEXT = b"host function"


def _call_host(number: int, _caller: int, words: int, _count: int) -> int:
    frame = _frames[number]
    signature = frame.signature
    try:
        result = frame.function(*signature.unpack(ctypes.string_at(words, signature.width)))
        if signature.mask:
            ctypes.c_uint64.from_address(words).value = result & signature.mask
    except BaseException as error:  # kept for the Python caller, who raises it again
        frame.pending.append(error)
        trap = ffi.wasmtime_trap_new(ctypes.create_string_buffer(_TRAP_TEXT), len(_TRAP_TEXT))
        return ctypes.cast(trap, ctypes.c_void_p).value or 0
    return 0


_callback = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)(_call_host)
_CALLBACK = ctypes.cast(_callback, ffi.wasmtime_func_unchecked_callback_t)
_NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))


def bind(
    context: Any, signature: ImportSignature, function: HostFunction, pending: list[BaseException]
) -> tuple[Frame, ffi.wasmtime_extern_t]:
    """Create the wasm side of a host function; exceptions go to ``pending``.

    It works as long as the frame is referenced, which must be until the store is gone.
    """
    number = next(_numbers)
    frame = _frames[number] = Frame(function, signature, pending)
    made = ffi.wasmtime_func_t()
    ffi.wasmtime_func_new_unchecked(
        context, signature.type.ptr(), _CALLBACK, number, _NO_FINALIZER, ctypes.byref(made)
    )
    return frame, ffi.wasmtime_extern_t(ffi.WASMTIME_EXTERN_FUNC, ffi.wasmtime_extern_union(func=made))
