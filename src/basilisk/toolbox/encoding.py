"""The two forms in which a module is uploaded: as it is, or as one gzip stream.

Rules: interface specification, "Canister module format"; the replica's decoding of ``wasm_module``.  The last
four bytes of a gzip stream (ISIZE, RFC 1952) must be the true size of the module.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from basilisk.toolbox.limits import MAINNET, Limits
from basilisk.toolbox.report import Finding

__all__ = ["Decoded", "decode"]

_WASM = b"\0asm"
_GZIP = b"\x1f\x8b\x08"
#: The smallest gzip stream the replica looks at.
_SMALLEST = 16


@dataclass(frozen=True)
class Decoded:
    """A module out of its encoding; ``module`` is None when it cannot be got out."""

    module: bytes | None
    gzipped: bool
    violations: list[Finding]


def decode(data: bytes, limits: Limits = MAINNET) -> Decoded:
    """Get the module out of what would be uploaded."""
    if data.startswith(_WASM):
        return Decoded(data, False, [])
    if not data.startswith(_GZIP):
        message = "unsupported canister module format: the file is neither a WebAssembly module nor gzip data"
        return Decoded(None, False, [Finding("encoding.format", message)])
    violations: list[Finding] = []
    module = _inflate(data, limits, violations)
    return Decoded(module, True, violations)


def _inflate(data: bytes, limits: Limits, violations: list[Finding]) -> bytes | None:
    def refuse(rule: str, message: str, value: int | None = None, limit: int | None = None) -> None:
        violations.append(Finding(rule, message, value=value, limit=limit))

    if len(data) < _SMALLEST:
        refuse("encoding.short", f"the gzip stream has {len(data)} bytes, at least {_SMALLEST} are needed")
        return None
    announced = int.from_bytes(data[-4:], "little")
    if announced > limits.module_size:
        refuse(
            "encoding.size",
            f"the gzip stream announces {announced:,} bytes, at most {limits.module_size:,} are accepted",
            announced,
            limits.module_size,
        )
        return None
    stream = zlib.decompressobj(wbits=31)
    try:
        module = stream.decompress(data, limits.module_size + 1)
    except zlib.error as error:
        refuse("encoding.stream", f"the gzip stream is damaged: {error}")
        return None
    if len(module) > limits.module_size:
        refuse("encoding.size", f"the gzip stream holds more than the {limits.module_size:,} bytes accepted")
        return None
    if not stream.eof:
        refuse("encoding.stream", "the gzip stream is cut short")
        return None
    if stream.unused_data:
        count = len(stream.unused_data)
        refuse("encoding.single", f"{count:,} bytes follow the gzip stream, only one stream is accepted")
    if len(module) != announced:
        refuse(
            "encoding.isize",
            f"the gzip stream holds {len(module):,} bytes but announces {announced:,}",
            len(module),
            announced,
        )
    if not module.startswith(_WASM):
        refuse("encoding.format", "the gzip stream does not hold a WebAssembly module")
        return None
    return module
