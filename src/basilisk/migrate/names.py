"""Imports and names: ``from kybra import opt`` becomes ``from basilisk import Opt``."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst
from libcst.metadata import Access, ImportAssignment

import basilisk
from basilisk.migrate.source import KYBRA, OURS, Source, dotted, leftmost

__all__ = ["NEW_NAMES", "drop_aliases", "meaning", "rewrite_names"]

NEW_NAMES = {
    "opt": "Opt",
    "manual": "Manual",
    "Canister": "Service",
    "CanisterResult": "CallResult",
    "method": "service_update",
}
"""Older names and the names of today that mean the same."""

_BUILTINS = frozenset({"bool", "float", "int", "list", "str", "tuple"})


def meaning(source: Source, node: cst.CSTNode | None) -> str:
    """Which name of our API an expression refers to, such as ``ic.call_raw``; else the empty text."""
    path = dotted(node)
    if node is None or not path:
        return ""
    first, _, rest = path.partition(".")
    scope = source.scopes.get(leftmost(node)) or source.scopes.get(node)
    if scope is None:
        return ""
    found = set()
    for assignment in scope[first]:
        if not isinstance(assignment, ImportAssignment):
            return ""
        found.add(_imported(assignment, first))
    if len(found) != 1 or not (base := found.pop()):
        return ""
    return base.partition(".")[2] + (f".{rest}" if rest and "." in base else rest)


def _imported(assignment: ImportAssignment, local: str) -> str:
    """``kybra.opt`` for the binding that ``from kybra import opt`` makes; empty if it is not ours."""
    node = assignment.node
    if isinstance(node, cst.Import):
        for alias in node.names:
            path = dotted(alias.name)
            given = alias.evaluated_alias
            if path.partition(".")[0] in OURS and (given or path.partition(".")[0]) == local:
                return (path if given else path.partition(".")[0]) + "."
        return ""
    if isinstance(node, cst.ImportFrom) and not node.relative and not isinstance(node.names, cst.ImportStar):
        module = dotted(node.module)
        for alias in node.names:
            if module.partition(".")[0] in OURS and (alias.evaluated_alias or alias.evaluated_name) == local:
                return f"{module}.{alias.evaluated_name}"
    return ""


def rewrite_names(source: Source) -> None:
    """Notes the edits for the imports of a file and for the names that come from them."""
    finder = _Imports()
    source.module.visit(finder)
    for statement in finder.plain:
        _plain_import(source, statement)
    for import_from in finder.wholes:
        _from_import(source, import_from)


class _Imports(cst.CSTVisitor):
    """Collects the import statements."""

    def __init__(self) -> None:
        super().__init__()
        self.plain: list[cst.Import] = []
        self.wholes: list[cst.ImportFrom] = []

    def visit_Import(self, node: cst.Import) -> None:
        self.plain.append(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self.wholes.append(node)


def _plain_import(source: Source, node: cst.Import) -> None:
    """``import kybra``, ``import kybra as k``: the module, and the attributes that have newer names."""
    for alias in node.names:
        path = dotted(alias.name)
        if path.partition(".")[0] not in OURS:
            continue
        local = alias.evaluated_alias or path.partition(".")[0]
        moved = path.partition(".")[0] == KYBRA
        if moved and alias.asname is None and source.binds("basilisk") and not _only_ours(source, "basilisk"):
            source.remark(node, "`import kybra` stays: the program uses the name `basilisk` itself")
            continue
        if moved:
            source.edit(leftmost(alias.name), _to("basilisk"))
        for access in _accesses(source, local, node):
            _attribute(source, access, rename=moved and alias.asname is None)


def _attribute(source: Source, access: Access, *, rename: bool) -> None:
    if isinstance(access.node, cst.SimpleString):
        if rename:
            source.edit(access.node, _in_text(KYBRA, "basilisk"))
        return
    name = leftmost(access.node)
    if rename:
        source.edit(name, _to("basilisk"))
    parent = source.parent(name)
    if isinstance(parent, cst.Attribute) and parent.value is name and parent.attr.value in NEW_NAMES:
        source.edit(parent.attr, _to(NEW_NAMES[parent.attr.value]))


def _from_import(source: Source, node: cst.ImportFrom) -> None:
    module = dotted(node.module)
    first = module.partition(".")[0]
    if node.relative or first not in OURS or node.module is None:
        return
    if first == KYBRA:
        source.edit(leftmost(node.module), _to("basilisk"))
    if module == "kybra.canisters.management" and isinstance(node.module, cst.Attribute):
        # The module of today's name has today's types.
        source.edit(node.module.attr, _to("kybra_management"))
    if isinstance(node.names, cst.ImportStar):
        return
    if module not in OURS:
        return
    dropped: set[cst.ImportAlias] = set()
    taken = {alias.evaluated_alias or alias.evaluated_name for alias in node.names}
    for alias in node.names:
        old = alias.evaluated_name
        if alias.asname is None and old in _BUILTINS and first == KYBRA:
            dropped.add(alias)
        elif old in NEW_NAMES:
            if alias.asname is not None or _rename(source, node, old, NEW_NAMES[old]):
                source.edit(alias.name, _to(NEW_NAMES[old]))
                if alias.asname is None and NEW_NAMES[old] in taken:
                    dropped.add(alias)
                taken.add(alias.evaluated_alias or NEW_NAMES[old])
        elif first == KYBRA and not _exists(old):
            source.remark(node, f"there is no name {old!r}, neither in kybra nor in basilisk")
    drop_aliases(source, node, dropped)


def _rename(source: Source, node: cst.ImportFrom, old: str, new: str) -> bool:
    """Renames all uses of an imported name, if that changes nothing else; whether it did."""
    if len({id(item) for item in source.assignments(old)}) > 1:
        source.remark(node, f"`{old}` stays: the program binds this name more than once")
        return False
    if source.binds(new) and not _only_ours(source, new):
        source.remark(node, f"`{old}` stays: the program uses the name `{new}` for something else")
        return False
    accesses = _accesses(source, old, node)
    if any(len(access.referents) > 1 for access in accesses):
        source.remark(node, f"`{old}` stays: some of its uses may mean something else")
        return False
    for access in accesses:
        if isinstance(access.node, cst.SimpleString):
            source.edit(access.node, _in_text(old, new))
        else:
            source.edit(leftmost(access.node), _to(new))
    if old == "method":
        for access in accesses:
            source.remark(
                access.node,
                "`@method` became `@service_update`; if the other canister's method is a query, say "
                "`@service_query`",
            )
    return True


def _accesses(source: Source, local: str, node: cst.CSTNode) -> list[Access]:
    scope = source.scopes.get(node) or source.globals
    found: dict[int, Access] = {}
    for assignment in scope[local]:
        if isinstance(assignment, ImportAssignment) and assignment.node is node:
            for access in assignment.references:
                found.setdefault(id(access.node), access)
    return sorted(found.values(), key=lambda access: source.line(access.node))


def _only_ours(source: Source, name: str) -> bool:
    """Whether every binding of a name is an import of the same thing from our package."""
    scopes = {scope for scope in source.scopes.values() if scope is not None}
    bindings = [item for scope in scopes for item in source.assignments(name, scope)]
    return all(
        (isinstance(item, ImportAssignment) and _imported(item, name).rstrip(".").rpartition(".")[2] == name)
        or (isinstance(item, ImportAssignment) and _imported(item, name) == "basilisk.")
        for item in bindings
    )


def drop_aliases(source: Source, node: cst.ImportFrom, dropped: set[cst.ImportAlias]) -> None:
    """Takes names out of an import statement when the edits are made; a statement without names goes."""
    if not dropped or isinstance(node.names, cst.ImportStar):
        return
    if not any(source.dropped.get(node, ())):
        source.edit(node, lambda updated: _without(source, node, updated))
    source.dropped.setdefault(node, set()).update(dropped)


def _without(source: Source, node: cst.ImportFrom, updated: Any) -> Any:
    """The statement without the names that go; beside comments they stay, which does no harm."""
    assert not isinstance(node.names, cst.ImportStar)
    if "#" in source.module.code_for_node(node):
        return updated
    kept = [new for old, new in zip(node.names, updated.names) if old not in source.dropped[node]]
    if kept:
        return updated.with_changes(names=[*kept[:-1], kept[-1].with_changes(comma=updated.names[-1].comma)])
    line = source.parent(node)
    if isinstance(line, cst.SimpleStatementLine) and "#" not in source.module.code_for_node(line):
        return cst.RemoveFromParent()
    return updated


def _exists(name: str) -> bool:
    return name in basilisk.__all__ or name in _BUILTINS or hasattr(basilisk, name)


def _to(new: str) -> Any:
    return lambda name: name.with_changes(value=new)


def _in_text(old: str, new: str) -> Any:
    return lambda text: text.with_changes(value=re.sub(rf"\b{old}\b", new, text.value))
