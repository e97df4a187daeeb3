"""What a module of bindings consists of, between the interface and the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Alias", "Class", "Definition", "Expr", "Field", "Method", "leaf"]


@dataclass(frozen=True)
class Expr:
    """An annotation: ``head``, or ``head[items]`` (``items`` is None without brackets).

    ``defined`` says that ``head`` is the name of a definition of the module.
    """

    head: str
    items: tuple[Expr, ...] | None = None
    defined: bool = False

    def flat(self) -> str:
        """The annotation on one line."""
        if self.items is None:
            return self.head
        inner = ", ".join(item.flat() for item in self.items)
        return f"{self.head}[{inner or '()'}]" if self.head else f"[{inner}]"

    def definitions(self) -> Iterator[str]:
        """Names of the definitions that it refers to."""
        if self.defined:
            yield self.head
        for item in self.items or ():
            yield from item.definitions()


def leaf(head: str) -> Expr:
    """A name without type arguments."""
    return Expr(head)


@dataclass
class Field:
    """A field of a record or a case of a variant."""

    name: str
    type: Expr
    comment: str = ""


@dataclass
class Method:
    """A method of a service: ``candid`` is its name there if it differs."""

    name: str
    decorator: str
    candid: str | None
    parameters: list[tuple[str, Expr]]
    result: Expr
    comment: str = ""


@dataclass
class Class:
    """A class that derives from ``base`` (Record, Variant or Service)."""

    name: str
    base: str
    comment: str = ""
    fields: list[Field] = field(default_factory=list)
    methods: list[Method] = field(default_factory=list)

    def expressions(self) -> Iterator[Expr]:
        """Every annotation in it."""
        for item in self.fields:
            yield item.type
        for method in self.methods:
            yield from (annotation for _, annotation in method.parameters)
            yield method.result


@dataclass
class Alias:
    """A name for an annotation.  ``endless`` marks options of themselves, which type checkers refuse."""

    name: str
    type: Expr
    comment: str = ""
    endless: bool = False

    def expressions(self) -> Iterator[Expr]:
        """Its annotation."""
        yield self.type


Definition = Class | Alias
