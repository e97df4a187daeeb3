"""A small ``dataclass(frozen=True)`` for code that is shipped into every canister.

The standard library's ``dataclasses`` brings ``inspect``, ``ast`` and ``dis`` into the canister's memory,
which weighs more than all the classes that need it here.  Type checkers see the original.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen):
        """Gives a class with annotated fields its initialiser, equality, hash, text and immutability."""
        assert frozen
        return _freeze


__all__ = ["dataclass"]


def _freeze(cls: type) -> type:
    names = tuple(cls.__annotations__)
    known = frozenset(names)
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    store = object.__setattr__

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        if len(args) > len(names):
            raise TypeError(f"{cls.__name__}() takes {len(names)} arguments, got {len(args)}")
        values = dict(defaults)
        values.update(zip(names, args))
        for name in kwargs:
            if name not in known or name in names[: len(args)]:
                raise TypeError(f"{cls.__name__}() got an unexpected or repeated argument {name!r}")
        values.update(kwargs)
        for name in names:
            if name not in values:
                raise TypeError(f"{cls.__name__}() lacks the argument {name!r}")
            store(self, name, values[name])

    def __eq__(self: object, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self: object) -> int:
        return hash((cls, *(getattr(self, name) for name in names)))

    def __repr__(self: object) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{cls.__qualname__}({inner})"

    def __setattr__(self: object, name: str, value: object) -> None:
        raise AttributeError(f"{cls.__name__} is immutable: cannot set {name!r}")

    def __delattr__(self: object, name: str) -> None:
        raise AttributeError(f"{cls.__name__} is immutable: cannot delete {name!r}")

    for method in (__init__, __eq__, __hash__, __repr__, __setattr__, __delattr__):
        method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
        setattr(cls, method.__name__, method)
    setattr(cls, "__match_args__", names)  # noqa: B010 -- type checkers do not know the attribute
    return cls
