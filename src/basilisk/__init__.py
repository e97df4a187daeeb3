"""Basilisk: Python programs as canisters of the Internet Computer.

>>> from basilisk import ic, nat, query, update
>>> @query
... def greet(name: str) -> str:
...     return f"Hello, {name}!"

The same files run in the canister and serve the editor.  Functions that need a canister say so elsewhere.
"""

# Kybra programs import these by name as well.
from builtins import bool as bool
from builtins import float as float
from builtins import int as int
from builtins import list as list
from builtins import str as str
from builtins import tuple as tuple

from basilisk import ic
from basilisk.calls import Call, CallNotSent
from basilisk.composites import Record, Variant
from basilisk.faults import OutsideCanister
from basilisk.generics import Alias, Async, Manual, Name, Opt, Results, Tuple, Vec, manual, opt
from basilisk.methods import (
    heartbeat,
    init,
    inspect_message,
    on_low_wasm_memory,
    post_upgrade,
    pre_upgrade,
    query,
    update,
)
from basilisk.options import Some
from basilisk.principal import Principal, PrincipalError
from basilisk.references import (
    Canister,
    CompositeQuery,
    Func,
    Oneway,
    Query,
    Service,
    Update,
    method,
    service_composite_query,
    service_oneway,
    service_query,
    service_update,
)
from basilisk.rejects import CallRejected
from basilisk.results import (
    CallResult,
    CanisterResult,
    Duration,
    GuardResult,
    NotifyResult,
    RejectionCode,
    Stable64GrowResult,
    StableGrowResult,
    StableMemoryError,
    TimerId,
    match,
)
from basilisk.scalars import (
    blob,
    empty,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    nat,
    nat8,
    nat16,
    nat32,
    nat64,
    null,
    reserved,
    text,
    void,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from basilisk.cases import Case
    from basilisk.stable import (
        StableBTreeMap,
        StableBTreeSet,
        StableCell,
        StableError,
        StableLog,
        StableMinHeap,
        StableVec,
    )

__all__ = [
    "Alias",
    "Async",
    "Call",
    "CallNotSent",
    "CallRejected",
    "CallResult",
    "Canister",
    "CanisterResult",
    "Case",
    "CompositeQuery",
    "Duration",
    "Func",
    "GuardResult",
    "Manual",
    "Name",
    "NotifyResult",
    "Oneway",
    "Opt",
    "OutsideCanister",
    "Principal",
    "PrincipalError",
    "Query",
    "Record",
    "RejectionCode",
    "Results",
    "Service",
    "Some",
    "Stable64GrowResult",
    "StableBTreeMap",
    "StableBTreeSet",
    "StableCell",
    "StableError",
    "StableGrowResult",
    "StableLog",
    "StableMemoryError",
    "StableMinHeap",
    "StableVec",
    "TimerId",
    "Tuple",
    "Update",
    "Variant",
    "Vec",
    "blob",
    "empty",
    "float32",
    "float64",
    "heartbeat",
    "ic",
    "init",
    "inspect_message",
    "int16",
    "int32",
    "int64",
    "int8",
    "manual",
    "match",
    "method",
    "nat",
    "nat16",
    "nat32",
    "nat64",
    "nat8",
    "null",
    "on_low_wasm_memory",
    "opt",
    "post_upgrade",
    "pre_upgrade",
    "query",
    "reserved",
    "service_composite_query",
    "service_oneway",
    "service_query",
    "service_update",
    "text",
    "update",
    "void",
]


def __getattr__(name: str) -> object:
    """Imports what only some programs use, so that the others do not carry it."""
    if name == "Case":
        from basilisk.cases import Case

        globals()[name] = Case
        return Case
    if name in _LAZY:
        import basilisk.stable

        value = globals()[name] = getattr(basilisk.stable, name)
        return value
    raise AttributeError(f"module 'basilisk' has no attribute {name!r}")


_LAZY = frozenset(name for name in __all__ if name.startswith("Stable") and name not in globals())
