"""The libcst visitor behind :mod:`basilisk.build.check`; the only module that imports libcst."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from basilisk.build.constants import dotted as _dotted
from basilisk.build.constants import truth
from basilisk.build.facts import ClassFact, Facts, FunctionFact, ImportFact, Place

__all__ = ["ParserSyntaxError", "facts_of"]

ParserSyntaxError = cst.ParserSyntaxError

DECORATORS = frozenset(
    {
        "query",
        "update",
        "composite_query",
        "init",
        "heartbeat",
        "pre_upgrade",
        "post_upgrade",
        "inspect_message",
        "global_timer",
        "on_low_wasm_memory",
    }
)
"""Decorators that make a function an entry point of the canister."""

_PACKAGES = ("basilisk", "kybra")
_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def facts_of(source: str, *, positions: bool = True) -> Facts:
    """Parse ``source`` and gather its facts.  Raises :class:`ParserSyntaxError`.

    Without ``positions`` every place is (0, 0), which takes a third of the time.
    """
    module = cst.parse_module(source)
    if positions:
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        ranges = wrapper.resolve(PositionProvider)

        def place(node: cst.CSTNode) -> Place:
            found = ranges.get(node)
            if not isinstance(found, CodeRange):
                return (0, 0)
            return (found.start.line, found.start.column + 1)
    else:

        def place(node: cst.CSTNode) -> Place:
            return (0, 0)

    visitor = _Visitor(place)
    module.visit(visitor)
    return Facts(tuple(visitor.imports), tuple(visitor.functions), tuple(visitor.classes))


class _Visitor(cst.CSTVisitor):
    def __init__(self, place: Callable[[cst.CSTNode], Place]) -> None:
        super().__init__()
        self.place = place
        self.imports: list[ImportFact] = []
        self.functions: list[FunctionFact] = []
        self.classes: list[ClassFact] = []
        self.scopes: list[tuple[str, str]] = []
        self.guards = 0
        self.branches = 0
        self.decorators: dict[str, str] = {}
        self.packages: set[str] = set()

    # imports ------------------------------------------------------------------------------------------

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            name = _dotted(alias.name)
            self._import(name, (), 0, alias)
            if name.partition(".")[0] in _PACKAGES:
                self.packages.add(_alias(alias) or name.partition(".")[0])

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        module = _dotted(node.module) if node.module is not None else ""
        names: list[str] = []
        if not isinstance(node.names, cst.ImportStar):
            names = [_dotted(alias.name) for alias in node.names]
        self._import(module, tuple(names), len(node.relative), node)
        if module in _PACKAGES and not node.relative:
            if isinstance(node.names, cst.ImportStar):
                self.decorators.update((name, name) for name in DECORATORS)
            else:
                for alias in node.names:
                    name = _dotted(alias.name)
                    if name in DECORATORS:
                        self.decorators[_alias(alias) or name] = name

    def visit_Call(self, node: cst.Call) -> None:
        """``importlib.import_module("name")`` and ``__import__("name")`` with a plain literal."""
        function = _dotted(node.func)
        if function in ("importlib.import_module", "import_module", "__import__") and node.args:
            value = node.args[0].value
            if isinstance(value, cst.SimpleString):
                name = value.evaluated_value
                if isinstance(name, str) and name and not name.startswith("."):
                    self.imports.append(ImportFact(name, (), 0, self.place(node), True, True))

    def visit_TypeParameters(self, node: cst.TypeParameters) -> None:
        """``class C[T]`` imports typing when it runs."""
        self.imports.append(ImportFact("typing", (), 0, self.place(node), True, True))

    def _import(self, module: str, names: tuple[str, ...], level: int, node: cst.CSTNode) -> None:
        optional = self.branches > 0
        self.imports.append(ImportFact(module, names, level, self.place(node), self.guards > 0, optional))

    # blocks that are not run, or whose failure is caught -------------------------------------------------

    def visit_If(self, node: cst.If) -> bool:
        known = truth(node.test)
        if known is None:
            self.branches += 1
            return True
        if known:
            node.body.visit(self)
        elif node.orelse is not None:
            node.orelse.visit(self)
        return False

    def leave_If(self, original_node: cst.If) -> None:
        self.branches -= truth(original_node.test) is None

    def visit_Try(self, node: cst.Try) -> bool:
        return self._try(node)

    def visit_TryStar(self, node: cst.TryStar) -> bool:
        return self._try(node)

    def _try(self, node: cst.Try | cst.TryStar) -> bool:
        """Imports in the body and in the handlers of a ``try`` that catches ImportError are guarded."""
        guards = any(_catches(handler.type) for handler in node.handlers)
        self.guards += guards
        node.body.visit(self)
        for handler in node.handlers:
            handler.visit(self)
        self.guards -= guards
        for block in (node.orelse, node.finalbody):
            if block is not None:
                block.visit(self)
        return False

    def visit_With(self, node: cst.With) -> bool:
        self.guards += _suppresses(node)
        return True

    def leave_With(self, original_node: cst.With) -> None:
        self.guards -= _suppresses(original_node)

    # definitions ----------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.functions.append(self._function(node))
        self.scopes.append(("function", node.name.value))

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.scopes.pop()

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        fields = {}
        for statement in node.body.body:
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name):
                        fields[small.target.value] = self.place(small.annotation.annotation)
        self.classes.append(ClassFact(self._qualified(node.name.value), self.place(node.name), fields))
        self.scopes.append(("class", node.name.value))

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.scopes.pop()

    def _function(self, node: cst.FunctionDef) -> FunctionFact:
        parameters: dict[str, Place] = {}
        annotated = node.returns is not None
        for parameter in _parameters(node.params):
            annotation = parameter.annotation
            annotated = annotated and annotation is not None
            parameters[parameter.name.value] = self.place(
                annotation.annotation if annotation is not None else parameter.name
            )
        result = self.place(node.returns.annotation) if node.returns is not None else None
        decorator = next((name for item in node.decorators if (name := self._decorator(item))), None)
        nested = self.scopes[-1][0] if self.scopes else ""
        name = self._qualified(node.name.value)
        return FunctionFact(name, self.place(node.name), parameters, result, decorator, nested, annotated)

    def _decorator(self, node: cst.Decorator) -> str | None:
        expression = node.decorator
        if isinstance(expression, cst.Call):
            expression = expression.func
        name = _dotted(expression)
        package, _, attribute = name.partition(".")
        if package in self.packages and attribute in DECORATORS:
            return attribute
        return self.decorators.get(name)

    def _qualified(self, name: str) -> str:
        parts = []
        for kind, scope in self.scopes:
            parts += [scope, "<locals>"] if kind == "function" else [scope]
        return ".".join([*parts, name])


def _parameters(parameters: cst.Parameters) -> Sequence[cst.Param]:
    star = [parameters.star_arg] if isinstance(parameters.star_arg, cst.Param) else []
    kwargs = [parameters.star_kwarg] if parameters.star_kwarg is not None else []
    return [*parameters.posonly_params, *parameters.params, *star, *parameters.kwonly_params, *kwargs]


def _alias(alias: cst.ImportAlias) -> str | None:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return None


def _catches(expression: cst.BaseExpression | None) -> bool:
    """True when an ``except`` clause with this expression catches ImportError."""
    if expression is None:
        return True
    if isinstance(expression, cst.Tuple):
        return any(_catches(element.value) for element in expression.elements)
    return _dotted(expression) in _CATCHING


def _suppresses(node: cst.With) -> bool:
    """``with contextlib.suppress(ImportError)``."""
    return any(
        isinstance(item.item, cst.Call)
        and _dotted(item.item.func) in ("suppress", "contextlib.suppress")
        and any(_catches(argument.value) for argument in item.item.args)
        for item in node.items
    )
