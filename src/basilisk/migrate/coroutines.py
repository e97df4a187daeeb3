"""Generators that wait for calls become coroutines: ``yield call`` is ``await call.result()``.

A generator and a coroutine are driven alike, but they cannot be mixed at will: a coroutine cannot be
iterated, and ``await`` does not take a generator.  So a function changes only when each of its ``yield`` is
certain to wait for a call or for a function that changes as well, and when all of its users wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import libcst as cst
from libcst.metadata import ImportAssignment

from basilisk.methods import DECORATORS
from basilisk.migrate.calls import Knowledge
from basilisk.migrate.names import drop_aliases, meaning
from basilisk.migrate.source import Source

__all__ = ["rewrite_coroutines"]

_TIMERS = frozenset({"ic.set_timer", "ic.set_timer_interval"})


@dataclass
class Function:
    """A function that waits, and why it cannot become a coroutine, if so."""

    source: Source
    node: cst.FunctionDef
    waits: list[Wait] = field(default_factory=list)
    why_not: str = ""
    place: cst.CSTNode | None = None

    def refuse(self, why: str, place: cst.CSTNode | None = None) -> None:
        """Keep the first reason."""
        if not self.why_not:
            self.why_not, self.place = why, place


@dataclass
class Wait:
    """A ``yield``.  ``call``: it waits for a call; ``helper``: for this function; neither: who knows."""

    node: cst.Yield
    operand: cst.BaseExpression | None
    delegates: bool
    call: bool = False
    helper: cst.FunctionDef | None = None


def rewrite_coroutines(sources: Mapping[str, Source]) -> None:
    """Notes the edits in all files of a program."""
    knowledge = Knowledge(sources)
    functions: dict[cst.FunctionDef, Function] = {}
    for source in sources.values():
        for function in _generators(source):
            functions[function.node] = function
    for function in functions.values():
        _classify(function, knowledge)
    _refuse_by_itself(functions)
    users = _Users(sources, functions, knowledge)
    while _refuse_by_others(functions, users):
        pass
    for function in functions.values():
        if function.why_not:
            _explain(function)
        else:
            _rewrite(function)
    for source in sources.values():
        _drop_async(source, functions)


def _generators(source: Source) -> list[Function]:
    finder = _Finder(source)
    source.module.visit(finder)
    return finder.found


class _Finder(cst.CSTVisitor):
    """Collects functions with a ``yield`` of their own."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.found: list[Function] = []
        self.stack: list[Function | None] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.stack.append(Function(self.source, node))

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        function = self.stack.pop()
        if function is None or original_node.asynchronous is not None:
            return
        if function.waits:
            self.found.append(function)
        elif (result := _result(self.source, original_node)) is not None:
            wanted = self.source.module.code_for_node(_inner(result))
            name = original_node.name.value
            self.source.remark(original_node.name, f"`{name}` never waits, so its result is just {wanted}")

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self.stack.append(None)

    def leave_Lambda(self, original_node: cst.Lambda) -> None:
        self.stack.pop()

    def visit_Yield(self, node: cst.Yield) -> None:
        function = self.stack[-1] if self.stack else None
        if function is not None:
            delegates = isinstance(node.value, cst.From)
            operand = node.value.item if isinstance(node.value, cst.From) else node.value
            function.waits.append(Wait(node, operand, delegates))


def _classify(function: Function, knowledge: Knowledge) -> None:
    for wait in function.waits:
        if wait.operand is None:
            continue
        wait.call = knowledge.is_call(function.source, wait.operand)
        if not wait.call and isinstance(wait.operand, cst.Call):
            wait.helper = knowledge.function(function.source, wait.operand.func)


def _refuse_by_itself(functions: Mapping[cst.FunctionDef, Function]) -> None:
    for function in functions.values():
        source, node = function.source, function.node
        for decorator in node.decorators:
            inner = decorator.decorator
            name = meaning(source, inner.func if isinstance(inner, cst.Call) else inner)
            if name not in DECORATORS:
                function.refuse("a decorator may need a generator", decorator)
        parent = source.parent(node)
        while parent is not None and not isinstance(parent, (cst.ClassDef, cst.FunctionDef, cst.Module)):
            parent = source.parent(parent)
        if isinstance(parent, cst.ClassDef):
            function.refuse("it is a method of a class, whose users cannot be told")
        if node.returns is not None and not _result(source, node):
            annotation = source.module.code_for_node(node.returns.annotation)
            if any(word in annotation for word in ("Generator", "Iterator", "Iterable", "Async")):
                function.refuse(f"its result is declared as {annotation}", node.returns)
        for wait in function.waits:
            if wait.call:
                continue
            if wait.helper is None or wait.helper not in functions:
                code = source.module.code_for_node(wait.node)
                shown = code if len(code) <= 60 else code[:57] + "…"
                function.refuse(f"`{shown}` is not known to wait for a call", wait.node)


class _Users:
    """Where each function is mentioned, by its name, in all files."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        functions: Mapping[cst.FunctionDef, Function],
        knowledge: Knowledge,
    ) -> None:
        self.mentions: dict[str, list[tuple[Source, cst.CSTNode]]] = {}
        names = {function.node.name.value for function in functions.values()}
        self.owners = {wait.node: function for function in functions.values() for wait in function.waits}
        for source in sources.values():
            source.module.visit(_Mentions(source, names, self.mentions))
        self.knowledge = knowledge

    def of(self, function: Function) -> list[tuple[Source, cst.CSTNode]]:
        """Mentions that may mean this function."""
        found = []
        for source, node in self.mentions.get(function.node.name.value, ()):
            if node is function.node.name:
                continue
            meant = self.knowledge.function(source, node)
            if meant is None or meant is function.node:
                found.append((source, node))
        return found


class _Mentions(cst.CSTVisitor):
    def __init__(
        self, source: Source, names: set[str], mentions: dict[str, list[tuple[Source, cst.CSTNode]]]
    ) -> None:
        super().__init__()
        self.source, self.names, self.mentions = source, names, mentions

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in self.names:
            self.mentions.setdefault(node.value, []).append((self.source, node))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False  # importing is no use


def _refuse_by_others(functions: Mapping[cst.FunctionDef, Function], users: _Users) -> bool:
    """Refuses functions because of others; whether there was one."""
    changed = False
    for function in functions.values():
        if function.why_not:
            continue
        for wait in function.waits:
            helper = functions.get(wait.helper) if wait.helper is not None else None
            if not wait.call and helper is not None and helper.why_not:
                function.refuse(
                    f"it waits for `{helper.node.name.value}`, which stays a generator", wait.node
                )
        for source, node in users.of(function):
            if not _waited_for(source, node, users, functions):
                where = f"{source.shown}:{source.line(node)}"
                function.refuse(
                    f"`{function.node.name.value}` is used at {where} other than by waiting for it"
                )
        changed = changed or bool(function.why_not)
    return changed


def _waited_for(
    source: Source, node: cst.CSTNode, users: _Users, functions: Mapping[cst.FunctionDef, Function]
) -> bool:
    """Whether a mention of a function keeps working when it gives a coroutine."""
    parent = source.parent(node)
    if isinstance(parent, cst.Name) or parent is None:
        return False
    if isinstance(parent, cst.FunctionDef) and parent.name is node:
        return parent not in functions  # another function of this name
    if isinstance(parent, cst.Arg) and parent.keyword is not node:
        return _is_timer(source, parent)
    if not isinstance(parent, cst.Call) or parent.func is not node:
        return False
    outer = source.parent(parent)
    if isinstance(outer, cst.Lambda):
        argument = source.parent(outer)
        return isinstance(argument, cst.Arg) and _is_timer(source, argument)
    if isinstance(outer, cst.From):
        outer = source.parent(outer)
    if isinstance(outer, cst.Yield):
        owner = users.owners.get(outer)
        return owner is not None and not owner.why_not
    return False


def _is_timer(source: Source, argument: cst.Arg) -> bool:
    call = source.parent(argument)
    return isinstance(call, cst.Call) and meaning(source, call.func) in _TIMERS


def _result(source: Source, node: cst.FunctionDef) -> cst.Subscript | None:
    """``Async[T]`` when that is the declared result."""
    annotation = node.returns.annotation if node.returns is not None else None
    if isinstance(annotation, cst.Subscript) and meaning(source, annotation.value) == "Async":
        return annotation
    return None


def _explain(function: Function) -> None:
    """Says why a function stays, if it has to do with calls at all."""
    decorated = any(
        meaning(function.source, item.func if isinstance(item, cst.Call) else item) in DECORATORS
        for item in (decorator.decorator for decorator in function.node.decorators)
    )
    if decorated or _result(function.source, function.node) or any(wait.call for wait in function.waits):
        name = function.node.name.value
        function.source.remark(
            function.place or function.node, f"`{name}` stays a generator: {function.why_not}"
        )


def _rewrite(function: Function) -> None:
    source, node = function.source, function.node
    subscript = _result(source, node)
    source.edit(node, lambda updated: updated.with_changes(asynchronous=cst.Asynchronous()))
    if subscript is not None:
        source.edit(subscript, _inner)
        source.converted.add(subscript.value)
    for wait in function.waits:
        source.edit(wait.node, _awaiting(result=wait.call))


def _inner(subscript: Any) -> Any:
    element = subscript.slice[0].slice
    return element.value if isinstance(element, cst.Index) else subscript


def _awaiting(*, result: bool) -> Any:
    def change(updated: Any) -> Any:
        operand = updated.value.item if isinstance(updated.value, cst.From) else updated.value
        if result:
            operand = cst.Call(cst.Attribute(operand, cst.Name("result")))
        return cst.Await(operand, lpar=updated.lpar, rpar=updated.rpar)

    return change


def _drop_async(source: Source, functions: Mapping[cst.FunctionDef, Function]) -> None:
    """Takes ``Async`` out of the imports when nothing uses it any more."""
    for assignment in source.assignments("Async"):
        if not isinstance(assignment, ImportAssignment) or not isinstance(assignment.node, cst.ImportFrom):
            continue
        if any(access.node not in source.converted for access in assignment.references):
            continue
        node = assignment.node
        if isinstance(node.names, cst.ImportStar) or not source.converted:
            continue
        aliases = {item for item in node.names if item.evaluated_name == "Async" and item.asname is None}
        if aliases and meaning(source, next(iter(source.converted))) == "Async":
            drop_aliases(source, node, aliases)
