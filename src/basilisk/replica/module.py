"""A canister's module: decoding, checks, exports, metadata."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass, field
from typing import Protocol

import wasmtime

from basilisk.engine import CompiledModule, Engine
from basilisk.errors import ModuleRefused
from basilisk.replica.contexts import FUNCTIONS
from basilisk.replica.errors import ExecutionError, invalid_module
from basilisk.wasm.layout import read_layout
from basilisk.wasm.module import Module
from basilisk.wasm.shell import Image, split

__all__ = ["CanisterModule", "Metadata", "Validator", "decode", "load"]

_WASM = b"\0asm"
_GZIP = b"\x1f\x8b\x08"

#: Entry points besides methods.
HOOKS = (
    "canister_init",
    "canister_pre_upgrade",
    "canister_post_upgrade",
    "canister_inspect_message",
    "canister_heartbeat",
    "canister_global_timer",
    "canister_on_low_wasm_memory",
)
_KINDS = ("canister_update", "canister_query", "canister_composite_query")


class Validator(Protocol):
    """Checks a module by the rules of the network; raises ModuleRefused or returns a report."""

    def __call__(self, wasm: bytes) -> object: ...


@dataclass(frozen=True)
class Metadata:
    """A custom section whose name begins with ``icp:``."""

    public: bool
    content: bytes


@dataclass(frozen=True)
class CanisterModule:
    """A module that was accepted.

    ``upload`` are the bytes as they came, ``hash`` is their SHA-256; ``methods`` maps a name to (kind,
    function number), ``hooks`` an entry point to its function number; ``address`` is the type of addresses,
    i32 or i64.
    ``passive_data`` tells that there are data segments which code could drop.
    """

    hash: bytes
    upload: bytes
    compiled: CompiledModule
    image: Image
    methods: dict[str, tuple[str, int]]
    hooks: dict[str, int]
    metadata: dict[str, Metadata] = field(default_factory=dict)
    address: str = "i32"
    passive_data: bool = False

    @property
    def size(self) -> int:
        """Bytes of the module as it is stored."""
        return len(self.upload)

    @property
    def global_bytes(self) -> int:
        """Bytes that the mutable globals count for."""
        return 8 * len(self.image.globals)

    @property
    def metadata_bytes(self) -> int:
        """Bytes of the custom sections that the network keeps."""
        return sum(len(name) + len(item.content) for name, item in self.metadata.items())

    def __deepcopy__(self, _memo: dict[int, object]) -> CanisterModule:
        """Modules do not change and are shared."""
        return self


def decode(upload: bytes, limit: int) -> bytes:
    """The plain module of an upload, which may be gzipped.  Raises ExecutionError (IC0505)."""
    if upload[:4] == _WASM:
        if len(upload) > limit:
            raise _undecodable(f"Wasm module is too large: {len(upload)} bytes, the limit is {limit}")
        return upload
    if upload[:3] != _GZIP or len(upload) < 16:
        raise _undecodable("unsupported canister module format")
    size = int.from_bytes(upload[-4:], "little")
    if size > limit:
        raise _undecodable(f"Wasm module is too large: {size} bytes uncompressed, the limit is {limit}")
    try:
        plain = gzip.decompress(upload)
    except (OSError, EOFError, zlib.error) as error:
        raise _undecodable(f"the gzip stream is damaged: {error}") from None
    if len(plain) != size:
        raise _undecodable("the gzip footer does not give the uncompressed size")
    if plain[:4] != _WASM:
        raise _undecodable("unsupported canister module format")
    return plain


def load(engine: Engine, upload: bytes, limit: int, validate: Validator | None) -> CanisterModule:
    """Decode, check and compile an upload.  Raises ExecutionError (IC0505)."""
    plain = decode(upload, limit)
    if validate is not None:
        try:
            validate(plain)
        except ModuleRefused as error:
            raise invalid_module(error.what) from None
    try:
        parts = split(plain)
        compiled = engine.compile(parts.shell)
    except ModuleRefused as error:
        raise invalid_module(error.what) from None
    except (wasmtime.WasmtimeError, ValueError) as error:
        raise invalid_module(f"Wasmtime failed to validate wasm module {error}") from None
    address = _address_type(compiled)
    _check_imports(compiled, address)
    methods, hooks = _entry_points(parts.image)
    return CanisterModule(
        hash=hashlib.sha256(upload).digest(),
        upload=upload,
        compiled=compiled,
        image=parts.image,
        methods=methods,
        hooks=hooks,
        metadata=_metadata(plain),
        address=address,
        passive_data=any(len(item.content) for item in read_layout(parts.shell).data),
    )


def _undecodable(reason: str) -> ExecutionError:
    return invalid_module(f"Failed to decode wasm module: {reason}")


def _address_type(compiled: CompiledModule) -> str:
    for export in compiled.wasmtime.exports:
        if export.name == "m" and isinstance(export.type, wasmtime.MemoryType):
            return "i64" if export.type.is_64 else "i32"
    return "i32"


def _check_imports(compiled: CompiledModule, address: str) -> None:
    for item in compiled.imports:
        known = FUNCTIONS.get(item.name) if item.module == "ic0" else None
        if known is None or (known.only32 and address == "i64"):
            raise invalid_module(
                "Wasm module has an invalid import section. "
                f"Module imports function '{item.name}' from '{item.module}' "
                "that is not exported by the runtime."
            )
        expected = known.types(address)
        if (item.params, item.results) != expected:
            raise invalid_module(
                "Wasm module has an invalid function signature. "
                f"Expected ({', '.join(expected[0])}) -> ({', '.join(expected[1])}) for imported function "
                f"'ic0.{item.name}', found ({', '.join(item.params)}) -> ({', '.join(item.results)})."
            )


def _entry_points(image: Image) -> tuple[dict[str, tuple[str, int]], dict[str, int]]:
    methods: dict[str, tuple[str, int]] = {}
    hooks: dict[str, int] = {}
    for name, function in image.exports.items():
        prefix, _, method = name.partition(" ")
        if name in HOOKS:
            hooks[name] = function
        elif prefix in _KINDS and " " in name:
            if method in methods:
                raise invalid_module(
                    "Wasm module has an invalid export section. "
                    f"Duplicate function '{method}' exported multiple times with different call types: "
                    "update, query, or composite_query."
                )
            methods[method] = (prefix.removeprefix("canister_"), function)
        elif name.startswith("canister_"):
            raise invalid_module(
                "Wasm module has an invalid export section. "
                f"Exporting reserved function '{name}' with \"canister_\" prefix"
            )
    return methods, hooks


def _metadata(plain: bytes) -> dict[str, Metadata]:
    found: dict[str, Metadata] = {}
    for full, content in Module.parse(plain).customs():
        visibility, _, name = full.partition(" ")
        if visibility in ("icp:public", "icp:private") and name:
            found[name] = Metadata(visibility == "icp:public", bytes(content))
        elif full.startswith("icp:"):
            raise invalid_module(
                f"Wasm module has an invalid custom section. Invalid custom section name {full}"
            )
    return found
