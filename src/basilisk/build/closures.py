"""Variables that change under a closure: what ``basilisk check --strict`` warns about.

A function does not keep the values of the variables around it, it looks them up when it runs.  So a variable
that is bound again after a function that uses it was defined is a trap, above all for callbacks of timers,
which run much later.  State that a function declares with ``global`` or ``nonlocal`` is meant to change and
is no matter of this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import (
    Assignment,
    ClassScope,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)

from basilisk.errors import Location

__all__ = ["Rebinding", "rebindings"]

_Closure = (cst.FunctionDef, cst.Lambda)
_Loop = (cst.For, cst.While, cst.CompFor)
# Functions that have called their argument when they return.
_IMMEDIATE = frozenset(
    {
        "all",
        "any",
        "dict",
        "filter",
        "list",
        "map",
        "match",
        "max",
        "min",
        "reduce",
        "set",
        "sorted",
        "sub",
        "sum",
    }
)
_IMMEDIATE_KEYWORDS = frozenset({"key"})


@dataclass(frozen=True)
class Rebinding:
    """``name``, which ``closure`` uses, is bound again at ``place``; ``loop``: in each turn of a loop."""

    place: Location
    name: str
    closure: str
    line: int
    loop: bool

    def __str__(self) -> str:
        who = "the lambda" if self.closure == "lambda" else f"`{self.closure}`"
        if self.loop:
            return (
                f"{self.place}: {who} uses `{self.name}`, which changes in each turn of the loop; "
                f"whenever it runs it sees the latest value. Bind the value: {_default(self)}"
            )
        return (
            f"{self.place}: `{self.name}` is bound again after {who} (line {self.line}), which will see the "
            f"new value. Use another name, or bind the value: {_default(self)}"
        )


def _default(found: Rebinding) -> str:
    if found.closure == "lambda":
        return f"`lambda {found.name}={found.name}: …`"
    return f"`def {found.closure}(…, {found.name}={found.name})`"


def rebindings(text: str, shown: str) -> list[Rebinding]:
    """The rebindings in a module, in the order of their places.  ``text`` must be known to be Python."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    return _Search(wrapper, shown).run()


class _Search:
    def __init__(self, wrapper: MetadataWrapper, shown: str) -> None:
        self.shown = shown
        self.scopes = wrapper.resolve(ScopeProvider)
        self.parents = wrapper.resolve(ParentNodeProvider)
        self.positions = wrapper.resolve(PositionProvider)

    def run(self) -> list[Rebinding]:
        found: dict[tuple[Location, str, str], Rebinding] = {}
        for scope in {scope for scope in self.scopes.values() if scope is not None}:
            if isinstance(scope, ClassScope):
                continue  # methods do not see the names of their class
            for bindings in self._by_name(scope):
                for item in self._of_variable(scope, bindings):
                    found.setdefault((item.place, item.name, item.closure), item)
        return sorted(
            found.values(), key=lambda item: (item.place.line or 0, item.place.column or 0, item.name)
        )

    def _by_name(self, scope: Scope) -> Iterable[list[Assignment]]:
        """The bindings of each variable of a scope."""
        found: dict[str, list[Assignment]] = {}
        for item in scope.assignments:
            if isinstance(item, Assignment) and item.scope is scope:
                statement = self.parents.get(item.node)
                if isinstance(statement, cst.AnnAssign) and statement.value is None:
                    continue  # a declaration
                found.setdefault(item.name, []).append(item)
        return found.values()

    def _of_variable(self, scope: Scope, bindings: list[Assignment]) -> Iterable[Rebinding]:
        depth = {id(item): self._closure(item.node, scope) for item in bindings}
        if any(closure is not None for closure in depth.values()):
            return  # a function declares it global or nonlocal: it is meant to change
        for access in {access for item in bindings for access in item.references}:
            closure = self._closure(access.node, scope)
            if closure is None or access.scope is scope:
                continue
            name = bindings[0].name
            title = closure.name.value if isinstance(closure, cst.FunctionDef) else "lambda"
            line = self._start(closure)[0]
            loop = self._loop(closure, scope, bindings)
            if loop is not None:
                if not self._runs_at_once(closure):
                    yield Rebinding(self._place(closure), name, title, line, True)
                continue
            earlier = [item for item in bindings if self._start(item.node) < self._start(closure)]
            if not earlier or self._runs_at_once(closure):
                continue
            for item in bindings:
                if self._start(item.node) > self._end(closure) and not self._excludes(closure, item.node):
                    yield Rebinding(self._place(item.node), name, title, line, False)

    def _closure(self, node: cst.CSTNode, scope: Scope) -> cst.FunctionDef | cst.Lambda | None:
        """The outermost function between a node and the scope, in whose body the node is."""
        found: cst.FunctionDef | cst.Lambda | None = None
        child, current = node, self.parents.get(node)
        while current is not None:
            if isinstance(current, _Closure):
                if self._belongs_to(current, scope):
                    return found
                if child is current.body:
                    found = current
            child, current = current, self.parents.get(current)
        return found

    def _belongs_to(self, function: cst.FunctionDef | cst.Lambda, scope: Scope) -> bool:
        """Whether a function's own names are those of the scope."""
        return self.scopes.get(function.body) is scope

    def _loop(self, closure: cst.CSTNode, scope: Scope, bindings: list[Assignment]) -> cst.CSTNode | None:
        """A loop around the closure, within the scope, that binds the variable in each turn."""
        current = self.parents.get(closure)
        while current is not None and not (
            isinstance(current, _Closure) and self._belongs_to(current, scope)
        ):
            if isinstance(current, _Loop) and any(self._inside(item.node, current) for item in bindings):
                return current
            if isinstance(current, (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)):
                if any(self._inside(item.node, current.for_in) for item in bindings):
                    return current
            current = self.parents.get(current)
        return None

    def _inside(self, node: cst.CSTNode, outer: cst.CSTNode) -> bool:
        current: cst.CSTNode | None = node
        while current is not None:
            if current is outer:
                return True
            current = self.parents.get(current)
        return False

    def _excludes(self, closure: cst.CSTNode, binding: cst.CSTNode) -> bool:
        """Whether the two stand in branches of one statement of which only one runs."""
        child, current = closure, self.parents.get(closure)
        while current is not None:
            if isinstance(current, cst.If) and child is current.body and current.orelse is not None:
                if self._inside(binding, current.orelse):
                    return True
            if isinstance(current, cst.Match) and self._inside(binding, current):
                return not self._inside(binding, child)
            child, current = current, self.parents.get(current)
        return False

    def _runs_at_once(self, closure: cst.CSTNode) -> bool:
        """Whether a lambda is certain to be called before the variable changes, or ends the loop."""
        if not isinstance(closure, cst.Lambda):
            return False
        parent = self.parents.get(closure)
        if isinstance(parent, cst.Call) and parent.func is closure:
            return True
        if isinstance(parent, cst.Arg):
            if parent.keyword is not None and parent.keyword.value in _IMMEDIATE_KEYWORDS:
                return True
            call = self.parents.get(parent)
            function = call.func if isinstance(call, cst.Call) else None
            name = function.attr if isinstance(function, cst.Attribute) else function
            return isinstance(name, cst.Name) and name.value in _IMMEDIATE
        if isinstance(parent, cst.DictElement):  # match(result, {"Ok": lambda …})
            dictionary = self.parents.get(parent)
            return dictionary is not None and self._is_argument_of_match(dictionary)
        return isinstance(parent, cst.Return)

    def _is_argument_of_match(self, node: cst.CSTNode) -> bool:
        argument = self.parents.get(node)
        call = self.parents.get(argument) if isinstance(argument, cst.Arg) else None
        return isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "match"

    def _start(self, node: cst.CSTNode) -> tuple[int, int]:
        start = self.positions[node].start
        return int(start.line), int(start.column)

    def _end(self, node: cst.CSTNode) -> tuple[int, int]:
        end = self.positions[node].end
        return int(end.line), int(end.column)

    def _place(self, node: cst.CSTNode) -> Location:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            node = node.name
        line, column = self._start(node)
        return Location(self.shown, line, column + 1)
