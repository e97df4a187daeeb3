"""The figures of the rules for canister modules.

This table is the only place where they are written down: the validator gets them from here, and reports
compare with them.  Sources are named as follows: *spec* is the interface specification 0.66 ("Canister module
format"), *replica* the replica's ``wasm_utils/validation.rs`` and embedder configuration of mid 2026.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass

__all__ = ["MAINNET", "Limits"]

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits in the order of the toolbox's own table (``limits.rs``)."""

    #: Bytes of the uncompressed module (replica: WASM_MAX_SIZE).
    module_size: int = 100 * _MIB
    #: Bytes of the code section (replica: MAX_CODE_SECTION_SIZE_IN_BYTES).
    code_size: int = 12 * _MIB
    #: The same limit on subnets whose replica is older than mid 2026.
    code_size_warning: int = 11 * _MIB
    #: Functions defined in the module (spec).
    functions: int = 50_000
    #: Globals (spec).
    globals: int = 1_000
    #: Instructions of one function body (replica).
    function_ops: int = 1_000_000
    #: Sum of the weights of one function's instructions (replica).
    function_complexity: int = 1_000_000
    #: Ours: a tenth of that is kept free for other compilers and options.
    function_complexity_warning: int = 900_000
    #: Bytes of a name in the name section (replica).
    function_name: int = _MIB
    #: Exported update, query and composite query methods (spec).
    methods: int = 1_000
    #: Bytes of all their names (spec).
    method_names: int = 20_000
    #: Custom sections whose name starts with ``icp:`` (spec).
    icp_sections: int = 16
    #: Bytes of names and contents of these sections (spec).
    icp_size: int = _MIB
    #: Elements a table may start with (replica: StoreLimits).
    table_elements: int = 1_000_000
    #: Pages of 64 KiB a 64-bit memory may start with: 6 GiB (resource limits).
    memory64_pages: int = 98_304

    def pack(self) -> bytes:
        """The table as the toolbox reads it: little-endian u64."""
        values = astuple(self)
        return struct.pack(f"<{len(values)}Q", *values)


#: What the Internet Computer enforces today.
MAINNET = Limits()
