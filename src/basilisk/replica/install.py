"""Installing, reinstalling and upgrading code: all of it happens or nothing does.

Specification: "IC method install_code" and "Canister upgrades".
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakKeyDictionary

from basilisk.engine import Engine, WasmTrap
from basilisk.engine.heap import new_heap
from basilisk.principal import Principal
from basilisk.replica import errors
from basilisk.replica.canister import Canister, Code
from basilisk.replica.contexts import Context
from basilisk.replica.errors import ErrorCode, ExecutionError, Rejection
from basilisk.replica.execution import Environment, Execution, run
from basilisk.replica.executor import write_log
from basilisk.replica.ids import principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.module import CanisterModule, Validator, load
from basilisk.replica.stable import StableLayer, StableMemory

__all__ = ["Installer", "Mode", "Persistence", "UpgradeOptions"]

Mode = Literal["install", "reinstall", "upgrade"]
Persistence = Literal["keep", "replace"]

#: Marker section of modules whose heap may survive an upgrade.
_KEEPS_HEAP = "enhanced-orthogonal-persistence"

#: Modules that are kept ready to be installed again.  All replicas of an engine share them: a test suite
#: makes many replicas and installs the same few modules in each.
_REMEMBERED = 4
_remembered: WeakKeyDictionary[Engine, OrderedDict[object, CanisterModule]] = WeakKeyDictionary()
_remembered_lock = threading.Lock()


@dataclass(frozen=True)
class UpgradeOptions:
    """Options of an upgrade (specification: ``skip_pre_upgrade``, ``wasm_memory_persistence``)."""

    skip_pre_upgrade: bool = False
    persistence: Persistence | None = None


@dataclass
class _Transaction:
    """The state of a canister as it will be if everything succeeds."""

    canister: Canister
    caller: bytes
    argument: bytes
    time: int
    budget: int
    stable: StableLayer
    version: int
    cycles: int
    certified_data: bytes
    timer: int = 0
    consumed: dict[UseCase, int] = field(default_factory=dict)


class Installer:
    """Changes the code of canisters."""

    def __init__(self, engine: Engine, environment: Environment, validate: Validator | None) -> None:
        self._engine = engine
        self._environment = environment
        self._validate = validate
        self.instructions = self.compilation = 0

    def install(
        self,
        canister: Canister,
        wasm: bytes,
        argument: bytes,
        mode: Mode,
        caller: bytes,
        time: int,
        options: UpgradeOptions | None = None,
    ) -> None:
        """Install ``wasm``.  Raises Rejection; the canister is then as before, but for its log."""
        self.instructions = self.compilation = 0
        name = principal_text(canister.id)
        if caller not in canister.controllers:
            raise self._not_controller(canister, caller)
        if mode == "install" and canister.code is not None:
            raise errors.not_empty(name)
        try:
            module = self.module(wasm)
            with self._paid(canister, module.address == "i64", caller):
                self._compile(module)
                if mode == "upgrade":
                    self._upgrade(canister, module, argument, caller, time, options or UpgradeOptions())
                else:
                    self._fresh(canister, module, argument, caller, time)
        except ExecutionError as error:
            raise error.rejection(name) from None

    @contextmanager
    def _paid(self, canister: Canister, wide: bool, caller: bytes) -> Iterator[None]:
        """Pay for the largest installation; what was not used comes back, whatever the outcome."""
        accounting = self._environment.accounting
        limit = self._environment.limits.install_instructions
        try:
            prepaid = accounting.prepay(canister, limit, caller, wide)
        except Rejection as rejection:
            raise errors.install_out_of_cycles(rejection.message) from None
        try:
            yield
        finally:
            accounting.refund_unused(canister, prepaid, limit, self.instructions, wide)

    # ---- the modes -----------------------------------------------------------------------------------

    def _fresh(
        self, canister: Canister, module: CanisterModule, argument: bytes, caller: bytes, time: int
    ) -> None:
        canister.log.clear()
        stable = StableMemory()
        work = self._begin(canister, argument, caller, time, StableLayer(stable))
        work.certified_data = b""
        code = Code(self._engine, module, self._environment.limits)
        self._start(work, code, "canister_init", Context.INIT)
        self._complete(work, code, stable)

    def _upgrade(
        self,
        canister: Canister,
        module: CanisterModule,
        argument: bytes,
        caller: bytes,
        time: int,
        options: UpgradeOptions,
    ) -> None:
        old = canister.code
        if old is None:
            raise errors.no_module()
        self._check_persistence(old.module, module, options)
        work = self._begin(canister, argument, caller, time, StableLayer(canister.stable))
        hook = old.module.hooks.get("canister_pre_upgrade")
        try:
            if hook is not None and not options.skip_pre_upgrade:
                work.version = canister.version
                self._step(work, old, hook, Context.PRE_UPGRADE)
                work.version = canister.version + 1
            work.timer = 0
            heap = None
            if options.persistence == "keep":
                heap = new_heap()
                memory = old.instance.memory
                heap.write(0, memory.read(0, memory.size))
            code = Code(self._engine, module, self._environment.limits, heap)
            self._start(work, code, "canister_post_upgrade", Context.POST_UPGRADE)
        finally:
            old.rollback()
        self._complete(work, code, canister.stable)

    # ---- steps ---------------------------------------------------------------------------------------

    def module(self, wasm: bytes) -> CanisterModule:
        """The module of an upload, checked and compiled.  Raises ExecutionError (IC0505)."""
        limit = self._environment.limits.module_bytes
        key = (hashlib.sha256(wasm).digest(), limit, self._validate)
        with _remembered_lock:
            modules = _remembered.setdefault(self._engine, OrderedDict())
            known = modules.get(key)
            if known is None:
                known = modules[key] = load(self._engine, wasm, limit, self._validate)
                while len(modules) > _REMEMBERED:
                    modules.popitem(last=False)
            modules.move_to_end(key)
        return known

    def _compile(self, module: CanisterModule) -> None:
        """Charge for the compilation of the module, whether it was compiled here or not."""
        limits = self._environment.limits
        cost = limits.charges.compilation(module.compiled.operators)
        self.instructions = self.compilation = min(cost, limits.install_instructions)
        if cost > limits.install_instructions:
            raise errors.instruction_limit_exceeded(limits.install_instructions)

    def _begin(
        self, canister: Canister, argument: bytes, caller: bytes, time: int, stable: StableLayer
    ) -> _Transaction:
        return _Transaction(
            canister,
            caller,
            argument,
            time,
            self._environment.limits.install_instructions - self.instructions,
            stable,
            canister.version + 1,
            canister.cycles,
            canister.certified_data,
        )

    def _start(self, work: _Transaction, code: Code, hook: str, context: Context) -> None:
        try:
            if code.module.image.start is not None:
                self._step(work, code, code.module.image.start, Context.START)
            function = code.module.hooks.get(hook)
            if function is not None:
                self._step(work, code, function, context)
            code.instance.commit()
            code.commit()
        except WasmTrap as trap:
            code.close()
            raise errors.invalid_module(f"Wasm module has an invalid data section. {trap.message}") from None
        except BaseException:
            code.close()
            raise

    def _step(self, work: _Transaction, code: Code, function: int, context: Context) -> None:
        execution = Execution(
            environment=self._environment,
            canister=work.canister,
            code=code,
            context=context,
            time=work.time,
            instruction_limit=max(1, work.budget),
            stable=StableLayer(work.stable),
            caller=work.caller,
            argument=work.argument,
        )
        execution.version = work.version
        execution.balance = work.cycles
        execution.timer = work.timer
        error = run(execution, function)
        work.budget -= execution.instructions
        self.instructions += execution.instructions
        write_log(execution, error)
        if error is not None:
            raise error
        execution.stable.commit()
        work.cycles = execution.balance
        for use, amount in execution.consumed.items():
            work.consumed[use] = work.consumed.get(use, 0) + amount
        work.timer = execution.timer or 0
        if execution.certified_data is not None:
            work.certified_data = execution.certified_data

    def _complete(self, work: _Transaction, code: Code, stable: StableMemory) -> None:
        try:
            reserve = self._reserve(work, code)
        except BaseException:
            code.close()
            raise
        canister = work.canister
        old, canister.code = canister.code, code
        if old is not None:
            old.close()
        canister.stable = stable
        work.stable.commit()
        canister.certified_data = work.certified_data
        canister.timer = work.timer
        canister.cycles = work.cycles - reserve
        canister.reserved_cycles += reserve
        for use, amount in work.consumed.items():
            self._environment.accounting.note(canister, use, amount)
        canister.version += 1

    def _reserve(self, work: _Transaction, code: Code) -> int:
        """Check that subnet and canister can bear the memory; the cycles to set aside for it."""
        canister, environment = work.canister, self._environment
        accounting, limits = environment.accounting, environment.limits
        usage = code.memory_bytes + work.stable.size + canister.other_memory
        added = max(usage, canister.memory_allocation) - max(
            canister.memory_usage, canister.memory_allocation
        )
        if added <= 0:
            return 0
        used = accounting.subnet_memory()
        if used + added > limits.subnet_memory_bytes:
            raise errors.out_of_memory()
        reserve = accounting.reservation(used, added)
        reserved = canister.reserved_cycles + reserve
        if reserved > canister.reserved_cycles_limit and reserve:
            raise errors.reserved_cycles_limit_in_memory_grow(added, reserved, canister.reserved_cycles_limit)
        needed = reserve + accounting.freezing_limit(canister, memory=usage, reserved=reserved)
        if work.cycles < needed:
            missing = needed - work.cycles if work.caller in canister.controllers else None
            raise errors.insufficient_cycles_in_memory_grow(added, missing)
        return reserve

    # ---- refusals ------------------------------------------------------------------------------------

    @staticmethod
    def _not_controller(canister: Canister, caller: bytes) -> Rejection:
        controllers = " ".join(str(item) for item in sorted(map(Principal, canister.controllers)))
        return errors.not_controller(principal_text(canister.id), controllers, principal_text(caller))

    @staticmethod
    def _check_persistence(old: CanisterModule, new: CanisterModule, options: UpgradeOptions) -> None:
        def keeps(module: CanisterModule) -> bool:
            section = module.metadata.get(_KEEPS_HEAP)
            return section is not None and not section.public

        if keeps(old) and options.persistence is None:
            raise ExecutionError(
                ErrorCode.CANISTER_CONTRACT_VIOLATION,
                "Missing upgrade option: Enhanced orthogonal persistence requires the "
                "`wasm_memory_persistence` upgrade option.",
            )
        if options.persistence == "keep" and not keeps(new):
            raise ExecutionError(
                ErrorCode.CANISTER_CONTRACT_VIOLATION,
                "Invalid upgrade option: The `wasm_memory_persistence: opt Keep` upgrade option requires "
                "that the new canister module supports enhanced orthogonal persistence.",
            )
