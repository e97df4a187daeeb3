"""The second step of a build inside the runtime: read the program's methods, register them, say what it has.

The answer and the error report are plain data, which the build host receives over the mailbox.
"""

from __future__ import annotations

import sys

from basilisk import timers
from basilisk._guest.docstrings import clean_docstring
from basilisk._guest.report import report
from basilisk._guest.shadows import check_shadows
from basilisk._guest.wrappers import with_guard
from basilisk.annotations import Resolver
from basilisk.candid.did_printer import format_arguments, format_did
from basilisk.classes import service_method
from basilisk.faults import ProgramFault
from basilisk.interface import InterfaceMaker
from basilisk.methods import Entry, Method, registry
from basilisk.plans import make_plan
from basilisk.services import Service, declaration
from basilisk.signatures import Signature, read_signature, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from basilisk.nodes import Node

__all__ = ["register"]

# Interface specification, "Canister module format": 1000 exported methods, one of which runs timers.
_MOST_METHODS = 999
# Flags of `_basilisk_ic.register`: the function replies by itself; it is a generator function.
_MANUAL, _GENERATOR = 1, 2
# CPython, Include/cpython/code.h: CO_GENERATOR, CO_COROUTINE.
_IS_GENERATOR, _IS_COROUTINE = 0x20, 0x80

_WITH_ARGUMENTS = ("init", "post_upgrade")
# Entry points that cannot wait for a call (interface specification, "Overview of imports": call_new).
_SYNCHRONOUS = ("init", "post_upgrade", "pre_upgrade", "inspect_message")


def register(system: Any, entry: str) -> dict[str, Any]:
    """Registers the methods of the program that was imported with ``system`` (``_basilisk_ic``).

    ``entry`` names its entry module, whose docstring becomes the comment on the service.

    Answers with ``ok``, the methods and entry points to export, the interface as text and warnings; or
    with ``ok`` false and the report on the first error.
    """
    try:
        answer = _Build(system, entry).run()
    except ProgramFault as fault:
        return {"ok": False, "error": report(fault)}
    registry.closed = True
    return answer


class _Build:
    """One walk over the registry."""

    def __init__(self, system: Any, entry: str) -> None:
        self.system = system
        self.entry = entry
        self.resolver = Resolver()
        self.plans: dict[Any, int] = {}
        self.warnings: list[str] = []

    def run(self) -> dict[str, Any]:
        check_shadows([method.function for method in registry.methods])
        check_shadows([entry.function for entry in registry.entries])
        _check_names(registry.methods)
        signatures = [read_signature(method.function, self.resolver) for method in registry.methods]
        entries = self._entries()
        if not registry.methods and not registry.entries:
            raise ProgramFault(
                "no_method",
                "the program has no canister method",
                cause="nobody could call the canister",
                remedy="put @query or @update above a function at the top level of a module",
            )
        for slot, (method, signature) in enumerate(zip(registry.methods, signatures)):
            self.warnings += signature.warnings
            self._register(slot, method, signature)
        structures = self._structures()
        self._services()
        self._timers(len(registry.methods))
        initial = entries.get("init") or entries.get("post_upgrade")
        maker = InterfaceMaker(
            [
                (method.name, method.mode, signature)
                for method, signature in zip(registry.methods, signatures)
                if not method.hidden
            ],
            initial,
            self.entry,
        )
        interface = maker.interface()
        return {
            "ok": True,
            "methods": [
                {"name": method.name, "mode": method.mode, "slot": slot}
                for slot, method in enumerate(registry.methods)
            ],
            "internal": [{"name": timers.METHOD, "mode": "update", "slot": len(registry.methods)}],
            "entries": list(dict.fromkeys([*entries, "global_timer", *structures])),
            "did": format_did(interface, docs=self._docs(maker)),
            "init_args": format_arguments(interface.init_args),
            "hidden": [method.name for method in registry.methods if method.hidden],
            "warnings": self.warnings,
        }

    def _docs(self, maker: InterfaceMaker) -> dict[str, str]:
        """Docstrings by what they describe, as the printer of interfaces takes them."""
        found = {"service": clean_docstring(sys.modules[self.entry].__doc__)}
        found.update({f"type {name}": text for name, text in maker.docstrings().items()})
        for method in registry.methods:
            if not method.hidden:
                found[f"method {method.name}"] = clean_docstring(method.function.__doc__)
        return {key: text for key, text in found.items() if text}

    def _register(self, slot: int, method: Method, signature: Signature) -> None:
        function: Any = method.function
        results = self._plan(signature.results)
        flags = _flags(function)
        if signature.manual:
            flags |= _MANUAL
        self.system.register(
            slot,
            method.mode,
            method.name,
            function,
            self._plan(signature.arguments),
            results,
            flags,
            method.guard,
        )

    def _entries(self) -> dict[str, Signature]:
        found: dict[str, Signature] = {}
        first: dict[str, Entry] = {}
        for entry in registry.entries:
            if entry.kind in found:
                raise _twice(f"@{entry.kind}", first[entry.kind].function, entry.function)
            first[entry.kind] = entry
            found[entry.kind] = signature = read_signature(entry.function, self.resolver)
            _check_entry(entry, signature)
            self.warnings += signature.warnings
            function: Any = entry.function
            flags = _flags(function)
            if entry.guard is not None:
                function = with_guard(function, entry.guard)
            self.system.register_entry(entry.kind, function, self._plan(signature.arguments), flags)
        both = found.get("init"), found.get("post_upgrade")
        if both[0] and both[1] and both[1].arguments and both[0].arguments != both[1].arguments:
            self.warnings.append(
                "@init and @post_upgrade take different arguments; the interface shows those of @init"
            )
        return found

    def _structures(self) -> tuple[str, ...]:
        """Compiles what the program keeps in stable memory; the entry points that are needed for that."""
        if "basilisk.stable" in sys.modules:
            from basilisk._guest.structures import define_structures

            return define_structures(self.system, self.resolver)
        return ()

    def _services(self) -> None:
        """Compiles the plans of the methods that the program's service classes declare."""
        pending = list(Service.__subclasses__())
        while pending:
            cls = pending.pop()
            pending += cls.__subclasses__()
            namespace = getattr(sys.modules.get(cls.__module__), "__dict__", None)
            if getattr(cls, "__parameters__", ()):
                continue  # generic: its methods have no types of their own
            for attribute in list(cls.__dict__.values()):
                declared = declaration(attribute)
                if declared is not None and declared.function.__globals__ is namespace:
                    node = service_method(declared, self.resolver, {})
                    declared.plans = self._plan(node.parts), self._plan(node.results)

    def _timers(self, slot: int) -> None:
        """Registers the entry point and the method that run timers."""
        number = self.system.compile_plan((("nat64",),), (0,))
        self.system.register(
            slot, "update", timers.METHOD, timers.run, number, self._plan(()), _GENERATOR, timers.only_self
        )
        self.system.register_entry("global_timer", timers.fire, self._plan(()), 0)

    def _plan(self, nodes: Sequence[Node]) -> int:
        plan = make_plan(nodes)
        number = self.plans.get(plan)
        if number is None:
            number = self.plans[plan] = self.system.compile_plan(*plan)
        return number


def _flags(function: Any) -> int:
    """Whether calling it makes a generator; a decorator with functools.wraps leaves the original behind."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return _GENERATOR if function.__code__.co_flags & _IS_GENERATOR else 0


def _check_names(methods: Sequence[Method]) -> None:
    known: dict[str, Method] = {}
    for method in methods:
        other = known.get(method.name)
        if other is not None:
            raise _twice(f"the method name '{method.name}'", other.function, method.function)
        known[method.name] = method
    if len(methods) > _MOST_METHODS:
        raise ProgramFault(
            "too_many",
            f"the program has {len(methods)} methods",
            cause=f"the Internet Computer allows {_MOST_METHODS + 1}, and timers need one of them",
            remedy="combine some of them, or split the program into several canisters",
        )


def _twice(what: str, first: Any, second: Any) -> ProgramFault:
    place = f"'{first.__qualname__}' in {first.__code__.co_filename}:{first.__code__.co_firstlineno}"
    same = first is second
    return ProgramFault(
        "duplicate",
        f"'{second.__qualname__}' has two decorators that make it a method"
        if same
        else f"{what} is used twice, by {place} and here",
        cause="a function is one method"
        if same
        else "a later method of the same name would take the place of the earlier one",
        remedy="remove one of the decorators" if same else "rename or remove one of them",
        module=second.__module__,
        function=second.__qualname__,
        first_line=second.__code__.co_firstlineno,
    )


def _check_entry(entry: Entry, signature: Signature) -> None:
    function: Any = entry.function
    if signature.results or signature.manual:
        raise refuse(
            function,
            f"cannot return a value: it is the canister's @{entry.kind}",
            cause="nobody would receive it",
            remedy="write -> None",
        )
    if signature.arguments and entry.kind not in _WITH_ARGUMENTS:
        raise refuse(
            function,
            f"cannot have parameters: it is the canister's @{entry.kind}",
            cause="the system calls it without arguments",
            remedy="remove the parameters",
        )
    if entry.kind in _SYNCHRONOUS and function.__code__.co_flags & (_IS_GENERATOR | _IS_COROUTINE):
        raise refuse(
            function,
            f"cannot wait: it is the canister's @{entry.kind}",
            cause=f"the Internet Computer allows no calls to other canisters in {entry.kind}",
            remedy="write an ordinary function with def and without yield",
        )
