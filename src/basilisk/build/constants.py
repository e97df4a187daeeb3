"""Conditions whose value in a canister is known beforehand: versions, platforms, type checking.

An import below ``if sys.platform == "win32"`` or in the wrong branch of a test of the version is none.
"""

from __future__ import annotations

import libcst as cst

__all__ = ["dotted", "truth"]

_VERSION = (3, 13)
_TEXTS = {
    "sys.platform": "wasi",
    "platform": "wasi",
    "os.name": "posix",
    "sys.implementation.name": "cpython",
}
_CALLS = {"platform.python_implementation": "CPython", "python_implementation": "CPython"}
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def dotted(node: cst.CSTNode | None) -> str:
    """``a.b.c`` of a name or attribute expression, else the empty text."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""


def truth(node: cst.BaseExpression) -> bool | None:
    """The value that an ``if``'s condition has in a canister; None when that is not known."""
    if dotted(node).rpartition(".")[2] == "TYPE_CHECKING":
        return False
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        inner = truth(node.expression)
        return None if inner is None else not inner
    if isinstance(node, cst.BooleanOperation):
        return _both(node)
    if isinstance(node, cst.Call):
        return _starts_with(node)
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        target = node.comparisons[0]
        symbol = _symbol(target.operator)
        left, right = node.left, target.comparator
        if symbol is not None:
            found = _compare(left, symbol, right)
            return found if found is not None else _compare(right, _FLIPPED[symbol], left)
    return None


def _both(node: cst.BooleanOperation) -> bool | None:
    sides = (truth(node.left), truth(node.right))
    decisive = isinstance(node.operator, cst.Or)  # the value that decides alone
    if decisive in sides:
        return decisive
    return None if None in sides else not decisive


def _symbol(operator: cst.BaseCompOp) -> str | None:
    kinds = {
        cst.LessThan: "<",
        cst.GreaterThan: ">",
        cst.LessThanEqual: "<=",
        cst.GreaterThanEqual: ">=",
        cst.Equal: "==",
        cst.NotEqual: "!=",
    }
    return kinds.get(type(operator))


def _compare(left: cst.BaseExpression, symbol: str, right: cst.BaseExpression) -> bool | None:
    name = dotted(left)
    if name == "__name__" and symbol == "==" and _text(right) == "__main__":
        return False
    known = _TEXTS.get(name)
    if known is None and isinstance(left, cst.Call) and not left.args:
        known = _CALLS.get(dotted(left.func))
    if known is not None:
        text = _text(right)
        if text is None or symbol not in ("==", "!="):
            return None
        return (known == text) is (symbol == "==")
    version = _version(left)
    wanted = _numbers(right)
    if version is None or not wanted:
        return None
    if len(wanted) > len(_VERSION) and wanted[: len(_VERSION)] == _VERSION:
        return None  # about a patch release
    order = (version > wanted) - (version < wanted)
    return {
        "<": order < 0,
        ">": order > 0,
        "<=": order <= 0,
        ">=": order >= 0,
        "==": not order,
        "!=": bool(order),
    }[symbol]


def _version(node: cst.BaseExpression) -> tuple[int, ...] | None:
    """The part of ``sys.version_info`` that an expression is; a plain one compares as if it went on."""
    name = dotted(node)
    if name in ("sys.version_info", "version_info"):
        return (*_VERSION, 1 << 30)
    if name in ("sys.version_info.major", "version_info.major"):
        return _VERSION[:1]
    if isinstance(node, cst.Subscript) and dotted(node.value) in ("sys.version_info", "version_info"):
        index = node.slice[0].slice if len(node.slice) == 1 else None
        if isinstance(index, cst.Index) and isinstance(index.value, cst.Integer):
            position = index.value.evaluated_value
            return (_VERSION[position],) if position < len(_VERSION) else None
        if isinstance(index, cst.Slice) and index.lower is None and isinstance(index.upper, cst.Integer):
            return _VERSION[: index.upper.evaluated_value]
    return None


def _numbers(node: cst.BaseExpression) -> tuple[int, ...] | None:
    if isinstance(node, cst.Integer):
        return (node.evaluated_value,)
    if not isinstance(node, cst.Tuple):
        return None
    values = [item.value for item in node.elements]
    if not all(isinstance(item, cst.Integer) for item in values):
        return None
    return tuple(item.evaluated_value for item in values if isinstance(item, cst.Integer))


def _text(node: cst.BaseExpression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def _starts_with(node: cst.Call) -> bool | None:
    """``sys.platform.startswith("win")``."""
    name, dot, method = dotted(node.func).rpartition(".")
    text = _text(node.args[0].value) if len(node.args) == 1 else None
    known = _TEXTS.get(name)
    return known.startswith(text) if dot and method == "startswith" and known and text is not None else None
