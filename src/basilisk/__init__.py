"""Basilisk: Python programs as canisters of the Internet Computer.

>>> from basilisk import ic, nat, query, update
>>> @query
... def greet(name: str) -> str:
...     return f"Hello, {name}!"

The same files run in the canister and serve the editor.  Functions that need a canister say so elsewhere.
"""

from builtins import bool as bool
from builtins import float as float
from builtins import int as int
from builtins import list as list
from builtins import str as str
from builtins import tuple as tuple

from basilisk import ic as ic
from basilisk.composites import Record as Record
from basilisk.composites import Variant as Variant
from basilisk.faults import NotAvailableYet as NotAvailableYet
from basilisk.faults import OutsideCanister as OutsideCanister
from basilisk.generics import Alias as Alias
from basilisk.generics import Async as Async
from basilisk.generics import Manual as Manual
from basilisk.generics import Name as Name
from basilisk.generics import Opt as Opt
from basilisk.generics import Tuple as Tuple
from basilisk.generics import Vec as Vec
from basilisk.generics import manual as manual
from basilisk.generics import opt as opt
from basilisk.methods import heartbeat as heartbeat
from basilisk.methods import init as init
from basilisk.methods import inspect_message as inspect_message
from basilisk.methods import on_low_wasm_memory as on_low_wasm_memory
from basilisk.methods import post_upgrade as post_upgrade
from basilisk.methods import pre_upgrade as pre_upgrade
from basilisk.methods import query as query
from basilisk.methods import update as update
from basilisk.pending import StableBTreeMap as StableBTreeMap
from basilisk.pending import StableBTreeSet as StableBTreeSet
from basilisk.pending import StableCell as StableCell
from basilisk.pending import StableLog as StableLog
from basilisk.pending import StableMinHeap as StableMinHeap
from basilisk.pending import StableVec as StableVec
from basilisk.principal import Principal as Principal
from basilisk.principal import PrincipalError as PrincipalError
from basilisk.references import Canister as Canister
from basilisk.references import CompositeQuery as CompositeQuery
from basilisk.references import Func as Func
from basilisk.references import Oneway as Oneway
from basilisk.references import Query as Query
from basilisk.references import Service as Service
from basilisk.references import Update as Update
from basilisk.references import method as method
from basilisk.references import service_composite_query as service_composite_query
from basilisk.references import service_query as service_query
from basilisk.references import service_update as service_update
from basilisk.results import CallResult as CallResult
from basilisk.results import CanisterResult as CanisterResult
from basilisk.results import Duration as Duration
from basilisk.results import GuardResult as GuardResult
from basilisk.results import NotifyResult as NotifyResult
from basilisk.results import RejectionCode as RejectionCode
from basilisk.results import Stable64GrowResult as Stable64GrowResult
from basilisk.results import StableGrowResult as StableGrowResult
from basilisk.results import StableMemoryError as StableMemoryError
from basilisk.results import TimerId as TimerId
from basilisk.results import match as match
from basilisk.scalars import blob as blob
from basilisk.scalars import empty as empty
from basilisk.scalars import float32 as float32
from basilisk.scalars import float64 as float64
from basilisk.scalars import int8 as int8
from basilisk.scalars import int16 as int16
from basilisk.scalars import int32 as int32
from basilisk.scalars import int64 as int64
from basilisk.scalars import nat as nat
from basilisk.scalars import nat8 as nat8
from basilisk.scalars import nat16 as nat16
from basilisk.scalars import nat32 as nat32
from basilisk.scalars import nat64 as nat64
from basilisk.scalars import null as null
from basilisk.scalars import reserved as reserved
from basilisk.scalars import text as text
from basilisk.scalars import void as void
