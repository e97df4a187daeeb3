"""Access to the linear memory of an instance from Python."""

from __future__ import annotations

import ctypes
from typing import Any

from wasmtime import WasmtimeError
from wasmtime import _ffi as ffi

__all__ = ["WASM_PAGE", "GuestMemory"]

#: Bytes of a WebAssembly page.
WASM_PAGE = 65_536


class GuestMemory:
    """The memory of an instance.  Offsets and sizes are in bytes; without a memory the size is 0."""

    def __init__(self, context: Any, handle: Any) -> None:
        self._context = context
        self._handle = handle

    def detach(self) -> None:
        """Forget the instance, whose memory is going away; from now on the size is 0."""
        self._handle = None

    @property
    def address(self) -> int:
        """Native address of the first byte; it may change when the memory grows."""
        if self._handle is None:
            return 0
        pointer = ffi.wasmtime_memory_data(self._context, ctypes.byref(self._handle))
        return ctypes.cast(pointer, ctypes.c_void_p).value or 0

    @property
    def size(self) -> int:
        """Size in bytes."""
        if self._handle is None:
            return 0
        return int(ffi.wasmtime_memory_data_size(self._context, ctypes.byref(self._handle)))

    @property
    def pages(self) -> int:
        """Size in pages of 64 KiB."""
        return self.size // WASM_PAGE

    def grow(self, pages: int) -> int:
        """Grow by ``pages`` and return the previous number of pages.  Raises MemoryError at the limit."""
        if self._handle is None:
            raise MemoryError("the module has no memory")
        previous = ctypes.c_uint64(0)
        error = ffi.wasmtime_memory_grow(
            self._context, ctypes.byref(self._handle), pages, ctypes.byref(previous)
        )
        if error:
            raise MemoryError(str(WasmtimeError._from_ptr(error)))
        return previous.value

    def read(self, offset: int, length: int) -> bytes:
        """A copy of ``length`` bytes.  Raises IndexError outside the memory."""
        self._check(offset, length)
        return ctypes.string_at(self.address + offset, length) if length else b""

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Copy ``data`` into the memory.  Raises IndexError outside it."""
        length = len(data)
        self._check(offset, length)
        if length:
            raw = data if isinstance(data, bytes) else bytes(data)
            ctypes.memmove(self.address + offset, raw, length)

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise IndexError(f"{offset} + {length} lies outside a memory of {self.size} bytes")
