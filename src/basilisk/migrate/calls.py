"""Which expressions are calls of other canisters, as far as the sources tell."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst
from libcst.metadata import Assignment, BaseAssignment, ImportAssignment

from basilisk.migrate.names import meaning
from basilisk.migrate.source import Source, dotted

__all__ = ["Knowledge"]

_BASES = frozenset({"Canister", "Service"})
_ONLY_CALLS_HAVE = frozenset({"with_cycles", "with_cycles128", "with_timeout"})
_MANAGEMENT = frozenset(
    {"kybra.canisters.management", "basilisk.canisters.management", "basilisk.canisters.kybra_management"}
)
_RAW = frozenset({"ic.call_raw", "ic.call_raw128"})


class Knowledge:
    """Answers questions about names across the files of a program."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.sources = sources
        self._asked: set[tuple[str, str, str]] = set()

    def is_call(self, source: Source, node: cst.CSTNode) -> bool:
        """Whether an expression is certain to be a call that can be waited for."""
        if isinstance(node, cst.Name):
            return self._all_bindings(source, node, self._binds_call)
        if not isinstance(node, cst.Call):
            return False
        if meaning(source, node.func) in _RAW:
            return True
        if not isinstance(node.func, cst.Attribute):
            return False
        if node.func.attr.value in _ONLY_CALLS_HAVE:
            return isinstance(node.func.value, (cst.Call, cst.Name))
        return self.is_service(source, node.func.value)

    def is_service(self, source: Source, node: cst.CSTNode) -> bool:
        """Whether an expression is certain to be an instance of a service class."""
        if isinstance(node, cst.Call):
            return self.is_service_class(source, node.func)
        if isinstance(node, cst.Name):
            return self._all_bindings(source, node, self._binds_service)
        return False

    def is_service_class(self, source: Source, node: cst.CSTNode) -> bool:
        """Whether an expression is a class that derives from ``Service``."""
        if meaning(source, node) in _BASES:
            return True
        if isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
            return self._known_global(source, node.evaluated_value, self._binds_class)
        return isinstance(node, cst.Name) and self._all_bindings(source, node, self._binds_class)

    def function(self, source: Source, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The only function that a name refers to, in this file or in one that it is imported from."""
        if not isinstance(node, cst.Name):
            return None
        bindings = self._bindings(source, node)
        if len(bindings) != 1:
            return None
        (binding,) = bindings
        if isinstance(binding, ImportAssignment):
            found = self._imported(source, binding, node.value)
            if found is None:
                return None
            (other, name) = found
            bindings = other.assignments(name)
            if len(bindings) != 1:
                return None
            (binding,) = bindings
        inner = getattr(binding, "node", None)
        return inner if isinstance(inner, cst.FunctionDef) else None

    def _bindings(self, source: Source, node: cst.Name) -> list[BaseAssignment]:
        scope = source.scopes.get(node)
        return list(scope[node.value]) if scope is not None else []

    def _all_bindings(self, source: Source, node: cst.Name, test: object) -> bool:
        bindings = self._bindings(source, node)
        return bool(bindings) and all(self._test(source, item, node.value, test) for item in bindings)

    def _known_global(self, source: Source, name: str, test: object) -> bool:
        bindings = source.assignments(name)
        return bool(bindings) and all(self._test(source, item, name, test) for item in bindings)

    def _test(self, source: Source, binding: BaseAssignment, name: str, test: object) -> bool:
        if isinstance(binding, ImportAssignment):
            if test == self._binds_service and _from_management(binding):
                return True
            found = self._imported(source, binding, name)
            if found is None:
                return False
            other, original = found
            key = (other.shown, original, getattr(test, "__name__", ""))
            if key in self._asked:  # files that import a name from each other
                return False
            self._asked.add(key)
            try:
                return self._known_global(other, original, test)
            finally:
                self._asked.discard(key)
        if not isinstance(binding, Assignment) or not callable(test):
            return False
        return bool(test(source, binding.node))

    def _binds_class(self, source: Source, node: cst.CSTNode) -> bool:
        return isinstance(node, cst.ClassDef) and any(
            self.is_service_class(source, base.value) for base in node.bases if base.keyword is None
        )

    def _binds_service(self, source: Source, node: cst.CSTNode) -> bool:
        value, annotation = _bound(source, node)
        if annotation is not None:
            return self.is_service_class(source, annotation)
        return value is not None and self.is_service(source, value)

    def _binds_call(self, source: Source, node: cst.CSTNode) -> bool:
        value, _ = _bound(source, node)
        return isinstance(value, cst.Call) and self.is_call(source, value)

    def _imported(self, source: Source, binding: ImportAssignment, local: str) -> tuple[Source, str] | None:
        """The file of the program that an imported name comes from, and its name there."""
        node = binding.node
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            return None
        other = self._module(source, node)
        if other is None:
            return None
        for alias in node.names:
            if (alias.evaluated_alias or alias.evaluated_name) == local:
                return other, alias.evaluated_name
        return None

    def _module(self, source: Source, node: cst.ImportFrom) -> Source | None:
        """The file that ``from x import`` names; by the last part of its name, which must be unique."""
        path = dotted(node.module)
        if not path:
            return None
        last = path.rpartition(".")[2]
        fitting = [item for name, item in self.sources.items() if name.rpartition(".")[2] == last]
        return fitting[0] if len(fitting) == 1 else None


def _bound(source: Source, node: cst.CSTNode) -> tuple[cst.CSTNode | None, cst.CSTNode | None]:
    """Value and annotation of the statement that binds a name; both None where it is no plain assignment."""
    parent = source.parent(node)
    if isinstance(node, cst.Param):
        return None, node.annotation.annotation if node.annotation is not None else None
    if isinstance(parent, cst.Param):
        return None, parent.annotation.annotation if parent.annotation is not None else None
    if isinstance(parent, cst.AnnAssign) and parent.target is node:
        return parent.value, parent.annotation.annotation
    if isinstance(parent, cst.AssignTarget):
        statement = source.parent(parent)
        if isinstance(statement, cst.Assign):
            return statement.value, None
    return None, None


def _from_management(binding: ImportAssignment) -> bool:
    """``from kybra.canisters.management import management_canister``."""
    node = binding.node
    return (
        isinstance(node, cst.ImportFrom)
        and dotted(node.module) in _MANAGEMENT
        and binding.name == "management_canister"
    )


bound = _bound
