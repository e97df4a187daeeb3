"""A parsed source file, the edits that the passes want in it, and their remarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import libcst as cst
from libcst.metadata import (
    BaseAssignment,
    GlobalScope,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)

from basilisk.build.constants import dotted
from basilisk.errors import Location, ProgramError

__all__ = ["KYBRA", "OURS", "Edit", "Remark", "Source", "dotted", "leftmost"]

KYBRA = "kybra"
OURS = ("kybra", "basilisk")

Edit = Callable[[Any], Any]
"""Takes the node with its inner edits done, gives what replaces it."""


@dataclass(frozen=True)
class Remark:
    """Something that was left, or that somebody should look at; ``line`` counts from 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{Location(self.file, self.line)}: {self.text}"


@dataclass
class Source:
    """One file; ``shown`` is its name in messages, ``module_name`` that under which others import it."""

    shown: str
    module_name: str
    text: str
    module: cst.Module = field(init=False)
    edits: dict[cst.CSTNode, list[Edit]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    dropped: dict[cst.ImportFrom, set[cst.ImportAlias]] = field(default_factory=dict)
    converted: set[cst.CSTNode] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Raises :class:`ProgramError` for a text that libcst cannot read."""
        try:
            wrapper = MetadataWrapper(cst.parse_module(self.text))
            self.module = wrapper.module
            self.scopes: Mapping[cst.CSTNode, Scope | None] = wrapper.resolve(ScopeProvider)
            self.positions: Mapping[cst.CSTNode, Any] = wrapper.resolve(PositionProvider)
            self.parents: Mapping[cst.CSTNode, cst.CSTNode] = wrapper.resolve(ParentNodeProvider)
        except cst.ParserSyntaxError as error:
            raise ProgramError(
                "the file cannot be read as Python",
                where=Location(self.shown, error.raw_line, error.raw_column + 1),
                remedy="correct the place, or leave the file out",
            ) from error
        except RecursionError as error:
            raise ProgramError(
                "the file is nested too deeply to be rewritten",
                where=Location(self.shown),
                remedy="leave it out, and change it by hand",
            ) from error

    @property
    def globals(self) -> Scope:
        """The scope of the module's own names."""
        scope = self.scopes[self.module]
        assert isinstance(scope, GlobalScope)
        return scope

    def edit(self, node: cst.CSTNode, change: Edit) -> None:
        """Note a change of a node; several are made one after the other."""
        self.edits.setdefault(node, []).append(change)

    def remark(self, node: cst.CSTNode, text: str) -> None:
        """Note something about the line where the node begins."""
        self.remarks.append(Remark(self.shown, self.line(node), text))

    def line(self, node: cst.CSTNode) -> int:
        """The line where a node begins."""
        return int(self.positions[node].start.line)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        return self.parents.get(node)

    def assignments(self, name: str, scope: Scope | None = None) -> list[BaseAssignment]:
        """Everything that a scope (by default the module) binds to a name, not looking further out."""
        inside = scope or self.globals
        return [item for item in inside.assignments if item.name == name and item.scope is inside]

    def binds(self, name: str) -> bool:
        """Whether any scope of the file binds this name."""
        scopes = {scope for scope in self.scopes.values() if scope is not None}
        return any(self.assignments(name, scope) for scope in scopes)

    def rewritten(self) -> str:
        """The text with all edits."""
        if not self.edits:
            return self.text
        changed = self.module.visit(_Rewriter(self.edits))
        return changed.code


class _Rewriter(cst.CSTTransformer):
    """Applies edits by identity of the nodes of the analysed tree."""

    def __init__(self, edits: Mapping[cst.CSTNode, list[Edit]]) -> None:
        super().__init__()
        self.edits = edits

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        result = super().on_leave(original_node, updated_node)
        for change in self.edits.get(original_node, ()):
            result = change(result)
        return result


def leftmost(node: cst.CSTNode) -> cst.CSTNode:
    """The ``a`` of ``a.b.c``."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node
