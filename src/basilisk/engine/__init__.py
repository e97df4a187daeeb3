"""Running wasm: configuration, compile cache, instances with a memory that can be rolled back.

    engine = Engine()
    parts = basilisk.wasm.shell.split(module)
    instance = Instance(engine, engine.compile(parts.shell), imports, parts.image)
    instance.call(parts.image.exports["canister_init"])

Pre-initialisation uses ``refuse_all_but({"debug_print": ...})`` for ``imports``; the replica supplies the
system API.
"""

from basilisk.engine.engine import CompiledModule, Engine, Meter, default_engine
from basilisk.engine.heap import OS_PAGE, Heap
from basilisk.engine.host import HostFunction, Imports, refuse_all_but
from basilisk.engine.instance import MAX_INSTRUCTIONS, Checkpoint, Grown, Instance
from basilisk.engine.memory import WASM_PAGE, GuestMemory
from basilisk.engine.traps import HostRefusal, TrapKind, WasmFrame, WasmTrap

__all__ = [
    "MAX_INSTRUCTIONS",
    "OS_PAGE",
    "WASM_PAGE",
    "Checkpoint",
    "CompiledModule",
    "Engine",
    "Grown",
    "GuestMemory",
    "Heap",
    "HostFunction",
    "HostRefusal",
    "Imports",
    "Instance",
    "Meter",
    "TrapKind",
    "WasmFrame",
    "WasmTrap",
    "default_engine",
    "refuse_all_but",
]
