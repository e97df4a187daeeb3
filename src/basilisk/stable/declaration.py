"""Declaring a structure: its types, its memory, and what the build makes of them."""

from __future__ import annotations

import sys

from basilisk.faults import ProgramFault
from basilisk.system import in_canister, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Generic
else:

    class Generic:
        """Accepts type arguments, as the class of that name does for type checkers."""

        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls


__all__ = [
    "LARGEST_MEMORY_ID",
    "Generic",
    "StableError",
    "Structure",
    "declared",
    "make_structure",
    "objects",
    "parts",
]

#: Ids above are for Basilisk's own use; what lies in each memory is noted in number 254.
LARGEST_MEMORY_ID = 249


class StableError(RuntimeError):
    """Stable memory holds something else than the program declares, or it is full or damaged."""


if in_canister() and not TYPE_CHECKING:
    StableError = system.StableError


#: Every structure of the program, in the order of declaration.
declared: list[Structure] = []


class Structure:
    """Base of all structures.

    ``KIND`` is its number in the bridge, ``TYPES`` how many type arguments it takes.
    """

    __slots__ = ("_from", "_into", "_number", "declaration")

    KIND = 0
    TYPES = 1

    declaration: Declaration
    _number: int | None
    _into: Callable[[Any], Any] | None
    _from: Callable[[Any], Any] | None

    if not TYPE_CHECKING:

        def __new__(cls, *arguments: object, **named: object) -> Structure:
            types = ", ".join(["nat64"] * cls.TYPES)
            raise TypeError(f"{cls.__name__} needs its types: {cls.__name__}[{types}](memory_id=0)")

        def __class_getitem__(cls, types: object) -> Typed | type[Structure]:
            if types == "type":
                return cls  # a base class in this package, whose type argument only checkers see
            types = types if isinstance(types, tuple) and cls.TYPES > 1 else (types,)
            if len(types) != cls.TYPES:
                raise TypeError(f"{cls.__name__}[…] takes {cls.TYPES} types, not {len(types)}")
            return Typed(cls, types)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(memory_id={self.declaration.memories[0]})"


class Typed:
    """A structure with its types, as in ``StableBTreeMap[Principal, nat64]``; calling it declares one."""

    __slots__ = ("structure", "types")

    def __init__(self, structure: type[Structure], types: tuple[Any, ...]) -> None:
        self.structure = structure
        self.types = types

    def __repr__(self) -> str:
        names = ", ".join(getattr(kind, "__name__", None) or repr(kind) for kind in self.types)
        return f"{self.structure.__name__}[{names}]"

    def __call__(
        self,
        memory_id: int,
        max_key_size: int | None = None,
        max_value_size: int | None = None,
        *,
        data_memory_id: int | None = None,
        previous: Any = None,
        default: Any = None,
    ) -> Structure:
        """Declares the structure.

        The older sizes are accepted and not needed.  ``previous`` is the type that the values had before, for
        ``migrate()``; ``default`` is what a cell holds at first; ``data_memory_id`` is a log's second memory.
        """
        frame = sys._getframe(1)
        declaration = Declaration(self, memory_id, data_memory_id, previous, default, frame)
        structure = make_structure(declaration)
        if Declaration.closed:
            raise declaration.fault(
                "is created while the canister runs",
                remedy="declare stable structures at the top level of a module",
            )
        declared.append(structure)
        return structure


class Declaration:
    """What the program says of a structure, and where.  Checked and compiled by the build."""

    #: Set when the build has compiled all declarations.
    closed = False

    __slots__ = ("default", "file", "line", "memories", "module", "namespace", "previous", "typed")

    def __init__(
        self,
        typed: Typed,
        memory_id: int,
        data_memory_id: int | None,
        previous: Any,
        default: Any,
        frame: Any,
    ) -> None:
        self.typed = typed
        self.memories = (memory_id, data_memory_id)
        self.previous = previous
        self.default = default
        self.namespace = frame.f_globals
        self.module: str = frame.f_globals.get("__name__", "")
        self.file: str = frame.f_code.co_filename
        self.line: int = frame.f_lineno

    def fault(self, message: str, *, cause: str | None = None, remedy: str | None = None) -> ProgramFault:
        """The error that points at the declaration."""
        return ProgramFault(
            "structure",
            f"{self.typed!r} {message}",
            cause=cause,
            remedy=remedy,
            module=self.module,
            file=self.file,
            line=self.line,
        )


def make_structure(declaration: Declaration) -> Structure:
    """The structure that is declared, not yet compiled."""
    structure: Structure = object.__new__(declaration.typed.structure)
    structure._number = structure._into = structure._from = None
    structure.declaration = declaration
    return structure


def parts(structure: Structure, key: Any) -> Any:
    """A key in the form that the bridge knows."""
    into = structure._into
    return key if into is None else into(key)


def objects(structure: Structure, number: Any) -> Iterator[Any]:
    """The items of a list or log from an index on; ends where they end."""
    index = number
    while (found := system.structure_item(structure._number, index)) is not None:
        yield found[0]
        index += 1
