"""wasmtime settings that mirror the execution environment of the Internet Computer.

The settings are data: one table of WebAssembly features and one of code generation choices.  Both go into
the fingerprint that keys the compile cache, so a change here can never meet machine code of an older
configuration.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
from importlib import metadata
from typing import Any

import wasmtime

__all__ = ["FEATURES", "MAX_WASM_STACK", "NATIVE_STACK", "build_config", "fingerprint", "wasmtime_version"]

#: Bytes of native stack that wasm code may use (replica: MAX_WASM_STACK_SIZE, 5 MiB).
MAX_WASM_STACK = 5 * 1024 * 1024

#: Bytes of native stack of the thread that runs wasm: the wasm stack plus room for Python host functions.
NATIVE_STACK = 32 * 1024 * 1024

#: Feature switch of wasmtime → state, as the replica configures its own wasmtime (module validation).
FEATURES: dict[str, bool] = {
    "wasm_bulk_memory": True,
    "wasm_reference_types": True,
    "wasm_multi_value": True,
    "wasm_simd": True,
    "wasm_tail_call": True,
    "wasm_memory64": True,
    "wasm_relaxed_simd": False,
    "wasm_relaxed_simd_deterministic": True,
    "wasm_multi_memory": False,
    "wasm_threads": False,
    "wasm_function_references": False,
    "wasm_gc": False,
    "wasm_exceptions": False,
    "wasm_component_model": False,
    "wasm_wide_arithmetic": False,
    "wasm_custom_page_sizes": False,
    "wasm_stack_switching": False,
}

#: Choices of code generation.  NaN bits are canonical and nothing is optimised, as on the network: the size
#: of native stack frames, and with it the depth of recursion, depends on the optimisation level.
CODEGEN: dict[str, Any] = {
    "cranelift_nan_canonicalization": True,
    "cranelift_opt_level": "none",
    "epoch_interruption": False,
    "parallel_compilation": True,
    "native_unwind_info": False,
    # Enough for the 6 GiB of a 64-bit memory, so that no memory ever moves when it grows.
    "memory_reservation": 8 << 30,
}

# Switches that older or newer releases of wasmtime may not know; leaving them at their default is sound
# because the module validator refuses what they would allow.
_OPTIONAL = {
    "wasm_relaxed_simd_deterministic",
    "wasm_component_model",
    "wasm_wide_arithmetic",
    "wasm_custom_page_sizes",
    "wasm_stack_switching",
    "wasm_exceptions",
    "wasm_gc",
    "wasm_function_references",
    "native_unwind_info",
}


def wasmtime_version() -> str:
    """Version of the installed wasmtime package, for instance ``50.0.1``."""
    return metadata.version("wasmtime")


def build_config(target: str | None = None) -> wasmtime.Config:
    """A fresh wasmtime configuration; ``target`` names another code generator such as ``pulley64``."""
    config = wasmtime.Config()
    for name, value in {**FEATURES, **CODEGEN}.items():
        if name in _OPTIONAL and not hasattr(type(config), name):
            continue
        setattr(config, name, value)
    if target is not None:
        config.target = target
    _set_stack(config)
    return config


def _set_stack(config: wasmtime.Config) -> None:
    """Allow 5 MiB of wasm stack.

    wasmtime insists that its asynchronous stacks be at least as large as the wasm stack, and the Python
    package binds no setter for them; the C symbol is exported all the same.
    """
    from wasmtime import _ffi

    try:
        setter = _ffi.dll.wasmtime_config_async_stack_size_set
    except AttributeError:
        pass
    else:
        setter.restype = None
        setter.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
        setter(ctypes.cast(config.ptr(), ctypes.c_void_p), MAX_WASM_STACK + 1024 * 1024)
    config.max_wasm_stack = MAX_WASM_STACK


def fingerprint(target: str | None = None) -> bytes:
    """A digest of everything besides the module that decides what machine code comes out."""
    parts = [
        wasmtime_version(),
        platform.system(),
        platform.machine(),
        str(target),
        str(MAX_WASM_STACK),
        repr(sorted(FEATURES.items())),
        repr(sorted(CODEGEN.items())),
    ]
    return hashlib.sha256("\0".join(parts).encode()).digest()
