"""Dataclasses whose instances can be made without calling their constructor.

Calling one costs thousands of instructions, most of them for running an ``__init__`` that does nothing but
set attributes.  Where that is all that would happen, the codec sets them itself.  Whether it is all is seen
from the code of ``__init__``, which is compared with code compiled here, and from what the class and its
bases define.  When the class is changed later on, the codec calls the constructor again.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import CodeType
    from typing import Any

__all__ = ["set_fields"]

_MISSING = object()
_IS_ABSTRACT = 1 << 20  # Py_TPFLAGS_IS_ABSTRACT: such classes have no instances
_FORM = 0x3EF  # the flags of code that change what it does: not whether it is nested, nor what was imported
_OBJECT = "__dataclass_builtins_object__"
_FACTORY = "__dataclass_HAS_DEFAULT_FACTORY__"
_PARTS = (
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_exceptiontable",
)


def set_fields(cls: Any, names: Collection[str]) -> tuple[str, ...] | None:
    """The order in which ``cls(**fields)`` sets the fields, when that is all it does.

    Args:
        cls: the class of a record.
        names: its fields in Python, all of which are given.

    Returns:
        The names by the order of setting them on a new object, or None when something else can happen as
        well: a ``__post_init__``, a constructor or metaclass of the user's own, a property for a field.
    """
    order = tuple(name for name in getattr(cls, "__dataclass_fields__", ()) if name in names)
    if not order or len(order) != len(names) or cls.__flags__ & _IS_ABSTRACT:
        return None
    # `type.__call__` and `object.__new__`: a new object and `__init__`.  Reading attributes runs no code.
    if _owner(type(cls), "__call__") is not type or _owner(cls, "__del__") is not None:
        return None
    if _owner(cls, "__new__") is not object or _owner(cls, "__getattribute__") is not object:
        return None
    if any(_is_data_descriptor(_lookup(cls, name)) for name in order):
        return None
    init = _lookup(cls, "__init__")
    if type(init) is not type(_lookup) or not _only_sets(cls, init, order):
        return None
    return order


def _only_sets(cls: Any, init: Any, order: tuple[str, ...]) -> bool:
    """Whether the function sets attributes of its first argument to its other ones, and does nothing else."""
    code = init.__code__
    cells = dict(zip(code.co_freevars, init.__closure__ or ()))
    frozen = _OBJECT in cells
    if frozen and cells[_OBJECT].cell_contents is not object:
        return False
    if not frozen and _owner(cls, "__setattr__") is not object:
        return False
    # What stands for "not given" is no value that a message could hold.
    marker = cells.get(_FACTORY)
    if marker is not None and type(marker.cell_contents).__name__ != "_HAS_DEFAULT_FACTORY_CLASS":
        return False
    model = _model(code, order, frozen, set(cells))
    return (
        model is not None
        and code.co_flags & _FORM == model.co_flags & _FORM
        and all(getattr(code, part) == getattr(model, part) for part in _PARTS)
    )


def _model(code: CodeType, order: tuple[str, ...], frozen: bool, outer: set[str]) -> CodeType | None:
    """The code of a function that only sets the attributes, with the arguments that ``code`` has."""
    count = code.co_argcount
    if not count:
        return None
    this, *positional = code.co_varnames[:count]
    by_name = code.co_varnames[count : count + code.co_kwonlyargcount]
    arguments = [this, *positional, *(("*",) if by_name else ()), *by_name]
    lines = []
    for name in order:
        default = f"__dataclass_dflt_{name}__"
        value = f"{default}() if {name} is {_FACTORY} else {name}" if default in outer else name
        lines.append(
            f"  {_OBJECT}.__setattr__({this},{name!r},{value})" if frozen else f"  {this}.{name}={value}"
        )
    head = f"def outer({', '.join(sorted(outer))}):\n def __init__({', '.join(arguments)}):\n"
    source = head + "\n".join(lines) + "\n return __init__\n"
    try:
        module = compile(source, "<model>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    # The only function within the only function.
    return _inner(_inner(module))


def _inner(code: CodeType | None) -> CodeType | None:
    found = [one for one in code.co_consts if type(one) is type(code)] if code is not None else []
    return found[0] if len(found) == 1 else None


def _owner(cls: Any, name: str) -> Any:
    """The class that defines the attribute, or None."""
    return next((base for base in cls.__mro__ if name in base.__dict__), None)


def _lookup(cls: Any, name: str) -> Any:
    owner = _owner(cls, name)
    return _MISSING if owner is None else owner.__dict__[name]


def _is_data_descriptor(value: Any) -> bool:
    return hasattr(type(value), "__set__") or hasattr(type(value), "__delete__")
