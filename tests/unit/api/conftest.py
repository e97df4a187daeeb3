"""A stand-in for the runtime: programs are built on the host's Python, with a recording `_basilisk_ic`."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from basilisk import calls, ic, methods, randomness, services, timers
from basilisk._guest import driver
from basilisk._guest.start import build
from basilisk.candid import format_did, parse_did
from basilisk.candid.types import Argument, Func, Interface, Service
from basilisk.stable import declaration, storage


class ContextError(RuntimeError):
    """A System API function was called where it is not allowed."""


class System(types.ModuleType):
    """Records what the build registers."""

    def __init__(self) -> None:
        super().__init__("_basilisk_ic")
        self.ContextError = ContextError
        self.refused: list[str] = []
        self.refused_modules: dict[str, str] = {}
        self.plans: list[tuple[Any, Any]] = []
        self.methods: dict[int, dict[str, Any]] = {}
        self.entries: dict[str, Any] = {}
        self.phases: list[str] = []
        self.driver: tuple[Any, ...] = ()
        self.wants_entropy = False
        self.structures: list[tuple[Any, ...]] = []
        self.storage: tuple[Any, ...] = ()

    def structure_define(self, *definition: Any) -> int:
        self.structures.append(definition)
        return len(self.structures) - 1

    def structure_storage(self, *functions: Any) -> None:
        self.storage = functions

    def set_phase(self, phase: str) -> None:
        self.phases.append(phase)

    def refusals(self) -> list[str]:
        return self.refused

    def stdlib_refusal(self, name: str) -> str | None:
        return self.refused_modules.get(name)

    def compile_plan(self, nodes: Any, roots: Any) -> int:
        self.plans.append((nodes, roots))
        return len(self.plans) - 1

    def register(
        self, slot: int, mode: str, name: str, function: Any, args: int, results: int, flags: int, guard: Any
    ) -> None:
        self.methods[slot] = {
            "mode": mode,
            "name": name,
            "function": function,
            "args": args,
            "results": results,
            "flags": flags,
            "guard": guard,
        }

    def register_entry(self, entry: str, function: Any, args: int, flags: int = 0) -> None:
        self.entries[entry] = {"function": function, "args": args, "flags": flags}

    def set_driver(self, *functions: Any) -> None:
        self.driver = functions

    def finish(self, value: Any) -> None:
        self.finished = value

    def want_entropy(self) -> None:
        self.wants_entropy = True

    def method(self, name: str) -> dict[str, Any]:
        return next(row for row in self.methods.values() if row["name"] == name)


class Bundle:
    """Imports modules from texts, as the runtime does."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.sources:
            return None
        spec = importlib.util.spec_from_loader(name, self, origin=f"{name}.py")  # type: ignore[arg-type]
        assert spec is not None
        spec.has_location = True
        return spec

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        exec(compile(self.sources[name], f"{name}.py", "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name: str) -> str:
        return self.sources[name]


def without_names(interface: Interface) -> Interface:
    """The interface without the names of the arguments of its methods and of init."""
    assert interface.service is not None
    methods = []
    for name, method in interface.service.methods:
        assert isinstance(method, Func)
        arguments = tuple(Argument(argument.type) for argument in method.args)
        methods.append((name, Func(arguments, method.results, method.mode)))
    init = tuple(Argument(argument.type) for argument in interface.init_args)
    return Interface(interface.environment, init, Service(tuple(methods)))


class Guest:
    """Builds programs."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.finders: list[Bundle] = []
        self.before = set(sys.modules)

    def build(self, main: str, **modules: str) -> dict[str, Any]:
        """The answer for a program whose entry module has the text ``main``."""
        self.clear()
        finder = Bundle({"main": main, **modules})
        self.finders.append(finder)
        sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
        self.before = set(sys.modules)
        return build({"entry": "main"})

    def did(self, main: str, **modules: str) -> str:
        """The interface of a program that must build, with each definition on one line.

        The names of the methods' own arguments are left out; they have tests of their own.
        """
        answer = self.build(main, **modules)
        assert answer["ok"], answer["error"]
        return " ".join(format_did(without_names(parse_did(str(answer["did"]))), width=10_000).split())

    def error(self, main: str, **modules: str) -> dict[str, Any]:
        """The report on a program that must not build."""
        answer = self.build(main, **modules)
        assert not answer["ok"], answer
        error = answer["error"]
        assert error["message"] and set(error) == {
            "kind",
            "message",
            "file",
            "line",
            "column",
            "function",
            "parameter",
            "cause",
            "remedy",
            "traceback",
        }
        return dict(error)

    def clear(self) -> None:
        for finder in self.finders:
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)  # type: ignore[arg-type]
            for name in finder.sources:
                sys.modules.pop(name, None)
        sys.modules.pop("kybra", None)
        methods.registry.clear()
        declaration.declared.clear()
        storage.storages.clear()
        declaration.Declaration.closed = False


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    fake = System()
    monkeypatch.setitem(sys.modules, "_basilisk_ic", fake)
    for module in (ic, calls, services, timers, randomness, driver):
        monkeypatch.setattr(module, "_system", fake)
    return fake


@pytest.fixture
def guest(system: System) -> Iterator[Guest]:
    made = Guest(system)
    yield made
    made.clear()
