"""Prints Candid types and interface files.

The order is stable: type definitions by name, methods by name, fields by id; only types in use are printed.
Source: Candid specification, "Core Grammar"; the layout follows that of dfx.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .errors import CandidError
from .graph import resolve
from .keywords import KEYWORDS
from .layout import WIDTH, Block, Concat, Doc, render
from .trampoline import Step, run
from .types import (
    BLOB,
    NULL,
    PRIMITIVES,
    Argument,
    Field,
    Func,
    Interface,
    Opt,
    Prim,
    Record,
    Ref,
    Service,
    Type,
    Variant,
    Vec,
)

__all__ = ["format_arguments", "format_did", "format_type", "quote", "quote_name", "used_names"]

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """The text in double quotes; what cannot be printed is escaped."""
    parts = []
    for character in text:
        if character in _ESCAPES:
            parts.append(_ESCAPES[character])
        elif character.isprintable():
            parts.append(character)
        else:
            parts.append(f"\\u{{{ord(character):x}}}")
    return f'"{"".join(parts)}"'


def _is_identifier(name: str) -> bool:
    """Python's identifiers in ASCII are those of Candid."""
    return name.isascii() and name.isidentifier()


def quote_name(name: str) -> str:
    """A field's, method's or argument's name, quoted when the grammar or a reader would stumble over it."""
    if _is_identifier(name) and name not in KEYWORDS and name not in PRIMITIVES:
        return name
    return quote(name)


def format_type(type_: Type, *, width: int = WIDTH) -> str:
    """One type as text; named types appear by their name."""
    return render(run(_type(type_)), width)


def format_arguments(arguments: Sequence[Argument | Type], *, width: int = WIDTH) -> str:
    """Types in parentheses, such as ``(nat, name : text)``."""
    items = tuple(item if isinstance(item, Argument) else Argument(item) for item in arguments)
    return render(run(_arguments(items)), width)


def format_did(interface: Interface, *, docs: Mapping[str, str] | None = None, width: int = WIDTH) -> str:
    """The interface as the text of a ``.did`` file.

    ``docs`` holds comments: ``"service"`` for the service, ``"method NAME"`` for a method, ``"type NAME"``
    for a type.  Raises :class:`CandidError` for names without a definition or names no type can have.
    """
    comments = docs or {}
    lines: list[str] = []
    for name in used_names(interface):
        if not _is_identifier(name) or name in KEYWORDS or name in PRIMITIVES:
            raise CandidError(f'a Candid type cannot be called "{name}"', remedy="give it another name")
        definition = Concat(f"type {name} = ", run(_type(interface.environment[name])), ";")
        lines.append(_comment(comments.get(f"type {name}")) + render(definition, width))
    if interface.service is not None:
        methods: list[Doc] = []
        for name, method in sorted(interface.service.methods):
            signature = run(_function(method)) if isinstance(method, Func) else run(_type(method))
            note = _comment(comments.get(f"method {name}"), "  ")
            methods.append(Concat(f"{note}{quote_name(name)} : ", signature))
        init = Concat(run(_arguments(interface.init_args)), " -> ") if interface.init_args else ""
        body = Block("{", methods, ";", "}", pad=True, wide=True)
        service = render(Concat("service : ", init, body), width)
        lines.append(_comment(comments.get("service")) + service)
    return "".join(line + "\n" for line in lines)


def used_names(interface: Interface) -> list[str]:
    """Names of the types that service and init arguments reach, sorted; all names if there is no service."""
    environment = interface.environment
    if interface.service is None and not interface.init_args:
        pending: list[Type] = [Ref(name) for name in environment]
    else:
        pending = [argument.type for argument in interface.init_args]
        if interface.service is not None:
            pending.append(interface.service)
    names: set[str] = set()
    while pending:
        type_ = pending.pop()
        if isinstance(type_, Ref):
            if type_.name not in names:
                resolve(type_, environment)
                names.add(type_.name)
                pending.append(environment[type_.name])
        elif isinstance(type_, (Opt, Vec)):
            pending.append(type_.inner)
        elif isinstance(type_, (Record, Variant)):
            pending += [field.type for field in type_.fields]
        elif isinstance(type_, Func):
            pending += [argument.type for argument in type_.args + type_.results]
        elif isinstance(type_, Service):
            pending += [method for _, method in type_.methods]
    return sorted(names)


def _comment(text: str | None, indent: str = "") -> str:
    lines = text.strip().splitlines() if text else []
    return "".join(f"// {line.rstrip()}".rstrip() + "\n" + indent for line in lines)


def _type(type_: Type) -> Step[Doc]:
    if isinstance(type_, (Prim, Ref)):
        return type_.name
    if type_ == BLOB:
        return "blob"
    if isinstance(type_, (Opt, Vec)):
        inner: Doc = yield _type(type_.inner)
        return Concat("opt " if isinstance(type_, Opt) else "vec ", inner)
    if isinstance(type_, Record):
        items: list[Doc] = []
        for field in type_.fields:
            content: Doc = yield _type(field.type)
            items.append(content if type_.is_tuple else Concat(f"{_label(field)} : ", content))
        return Block("record {", items, ";", "}", pad=True)
    if isinstance(type_, Variant):
        items = []
        for field in type_.fields:
            if field.type == NULL:
                items.append(_label(field))
            else:
                content = yield _type(field.type)
                items.append(Concat(f"{_label(field)} : ", content))
        return Block("variant {", items, ";", "}", pad=True)
    if isinstance(type_, Func):
        signature: Doc = yield _function(type_)
        return Concat("func ", signature)
    methods: list[Doc] = []
    for name, method in sorted(type_.methods):
        content = yield (_function(method) if isinstance(method, Func) else _type(method))
        methods.append(Concat(f"{quote_name(name)} : ", content))
    return Block("service {", methods, ";", "}", pad=True)


def _label(field: Field) -> str:
    return f"{field.id:_}" if field.name is None else quote_name(field.name)


def _function(func: Func) -> Step[Doc]:
    args: Doc = yield _arguments(func.args)
    results: Doc = yield _arguments(func.results)
    return Concat(args, " -> ", results, f" {func.mode}" if func.mode else "")


def _arguments(arguments: tuple[Argument, ...]) -> Step[Doc]:
    items: list[Doc] = []
    for argument in arguments:
        content: Doc = yield _type(argument.type)
        items.append(content if argument.name is None else Concat(f"{quote_name(argument.name)} : ", content))
    return Block("(", items, ",", ")", pad=False)
