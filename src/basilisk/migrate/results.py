"""Results of calls: ``.ok`` and ``.err`` become ``.Ok`` and ``.Err`` where that is certain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import libcst as cst
from libcst.metadata import Access, Assignment, BaseAssignment

from basilisk.migrate.calls import Knowledge, bound
from basilisk.migrate.names import meaning
from basilisk.migrate.source import Source

__all__ = ["rewrite_results"]

_CASES = {"ok": "Ok", "err": "Err"}
_TYPES = frozenset({"CanisterResult", "CallResult"})


def rewrite_results(sources: Mapping[str, Source]) -> None:
    """Notes the edits in all files of a program."""
    knowledge = Knowledge(sources)
    for source in sources.values():
        scopes = {scope for scope in source.scopes.values() if scope is not None}
        for scope in scopes:
            names: dict[str, list[BaseAssignment]] = {}
            for item in scope.assignments:
                if item.scope is scope:
                    names.setdefault(item.name, []).append(item)
            for bindings in names.values():
                accesses = {access for item in bindings for access in item.references}
                certain = all(_is_result(source, item, knowledge) for item in bindings)
                waits = any(_waits(source, item) for item in bindings)
                for access in sorted(accesses, key=lambda access: source.line(access.node)):
                    _rewrite(source, access, certain and set(access.referents) <= set(bindings), waits)


def _is_result(source: Source, binding: BaseAssignment, knowledge: Knowledge) -> bool:
    if not isinstance(binding, Assignment):
        return False
    value, annotation = bound(source, binding.node)
    if annotation is not None:
        inner = annotation.value if isinstance(annotation, cst.Subscript) else annotation
        return meaning(source, inner) in _TYPES
    if isinstance(value, cst.Yield):
        operand = value.value.item if isinstance(value.value, cst.From) else value.value
        return operand is not None and knowledge.is_call(source, operand)
    if isinstance(value, cst.Call) and meaning(source, value.func) == "ic.notify_raw":
        return True
    return (
        isinstance(value, cst.Call)
        and isinstance(value.func, cst.Attribute)
        and value.func.attr.value == "notify"
        and knowledge.is_call(source, value.func.value)
    )


def _waits(source: Source, binding: BaseAssignment) -> bool:
    """Whether it may be the result of a call."""
    return isinstance(binding, Assignment) and isinstance(bound(source, binding.node)[0], cst.Yield)


def _rewrite(source: Source, access: Access, certain: bool, waits: bool) -> None:
    node = access.node
    parent = source.parent(node)
    if isinstance(parent, cst.Attribute) and parent.value is node and parent.attr.value in _CASES:
        if certain:
            source.edit(parent.attr, _renamed)
        elif waits:
            source.remark(node, f"`.{parent.attr.value}` stays: it is not known to be the result of a call")
    elif certain and isinstance(parent, cst.Subscript) and parent.value is node:
        _text(source, parent.slice[0].slice)
    elif certain and isinstance(parent, cst.ComparisonTarget):
        comparison = source.parent(parent)
        if isinstance(comparison, cst.Comparison) and isinstance(parent.operator, (cst.In, cst.NotIn)):
            if comparison.comparisons[0] is parent:
                _text(source, comparison.left)
    elif certain and isinstance(parent, cst.Arg):
        _match(source, parent)


def _match(source: Source, argument: cst.Arg) -> None:
    """``match(result, {"ok": …, "err": …})``."""
    call = source.parent(argument)
    if (
        isinstance(call, cst.Call)
        and meaning(source, call.func) == "match"
        and len(call.args) == 2
        and call.args[0] is argument
        and isinstance(call.args[1].value, cst.Dict)
    ):
        for element in call.args[1].value.elements:
            if isinstance(element, cst.DictElement):
                _text(source, element.key)


def _text(source: Source, node: cst.CSTNode) -> None:
    if isinstance(node, cst.Index):
        node = node.value
    if isinstance(node, cst.SimpleString) and node.evaluated_value in _CASES:
        source.edit(node, _renamed_text)


def _renamed(name: Any) -> Any:
    return name.with_changes(value=_CASES[name.value])


def _renamed_text(text: Any) -> Any:
    old = text.evaluated_value
    return text.with_changes(value=text.value.replace(old, _CASES[old]))
