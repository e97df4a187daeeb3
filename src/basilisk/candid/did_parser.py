"""Reads Candid types and interface files (``.did``).

Source: Candid specification, "Core Grammar", "Syntactic Shorthands", "Type Definitions" and "Imports".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from .errors import CandidError
from .lexer import Source, Token, TokenStream
from .trampoline import Step, run
from .types import (
    BLOB,
    NULL,
    PRIMITIVES,
    Argument,
    Environment,
    Field,
    Func,
    Interface,
    Opt,
    Record,
    Ref,
    Service,
    Type,
    Variant,
    Vec,
    field_id,
)

__all__ = ["Loader", "TypeParser", "parse_did", "parse_type", "parse_types"]

Loader = Callable[[str], str]
"""Gets the path of an imported file (joined with the importing file's folder), returns its text."""

_MODES = ("query", "oneway", "composite_query")
_MAX_FIELD_ID = (1 << 32) - 1


def parse_did(text: str, *, source: str = "<did>", loader: Loader | None = None) -> Interface:
    """The interface that a ``.did`` text describes.

    ``source`` is the file's name for messages and the base of relative imports; ``loader`` supplies the
    texts of imported files, without it an import is refused.  Raises :class:`CandidError` with file, line
    and column for malformed text, unbound or cyclic names, duplicate fields, methods or types.
    """
    program = _Program(loader)
    program.read(text, source, main=True)
    return program.finish()


def parse_type(text: str, *, environment: Environment | None = None, source: str = "<type>") -> Type:
    """One type; names must be in ``environment``."""
    parser = TypeParser(TokenStream(Source(text, source)))
    result = run(parser.type_())
    parser.end("the type")
    parser.check_names(environment or {})
    return result


def parse_types(
    text: str, *, environment: Environment | None = None, source: str = "<types>"
) -> list[Argument]:
    """A list of types in parentheses, such as ``(nat, name : text)``."""
    parser = TypeParser(TokenStream(Source(text, source)))
    result = run(parser.arguments())
    parser.end("the types")
    parser.check_names(environment or {})
    return list(result)


class TypeParser:
    """Types from a token stream; collects the names they refer to."""

    def __init__(self, tokens: TokenStream) -> None:
        self.tokens = tokens
        self.names: list[Token] = []

    def end(self, what: str) -> None:
        if self.tokens.current.kind != "end":
            self.tokens.fail(f"unexpected {self.tokens.current} after {what}")

    def check_names(self, environment: Environment) -> None:
        for token in self.names:
            if token.value not in environment:
                self.tokens.fail(
                    f"the type {token} is not defined", token, remedy="check the spelling, or define it"
                )

    def type_(self) -> Step[Type]:
        tokens = self.tokens
        token = tokens.current
        if token.kind != "id":
            tokens.fail(f"expected a type, found {token}")
        word = str(tokens.next().value)
        if word in PRIMITIVES:
            return PRIMITIVES[word]
        if word == "blob":
            return BLOB
        if word == "opt":
            inner: Type = yield self.type_()
            return Opt(inner)
        if word == "vec":
            inner = yield self.type_()
            return Vec(inner)
        if word == "record":
            return Record((yield self._fields("record")))
        if word == "variant":
            return Variant((yield self._fields("variant")))
        if word == "func":
            function: Func = yield self.function()
            return function
        if word == "service":
            service: Service = yield self.service()
            return service
        return self._reference(token)

    def _reference(self, token: Token) -> Ref:
        word = str(token.value)
        if word in _MODES or word in ("type", "import", "true", "false"):
            self.tokens.fail(f"expected a type, found {token}", token)
        self.names.append(token)
        return Ref(word)

    def _fields(self, kind: str) -> Step[tuple[Field, ...]]:
        tokens = self.tokens
        opening = tokens.expect("{", f"after `{kind}`")
        fields: dict[int, Field] = {}
        next_id = 0
        while not tokens.accept("}"):
            start = tokens.current
            number, name = self._label(kind)
            if number is None and name is None:
                number = next_id
            number = field_id(name) if name is not None else number
            assert number is not None
            if number > _MAX_FIELD_ID:
                tokens.fail("no field id is left after 4_294_967_295", start)
            if kind == "variant" and not tokens.at(":"):
                type_: Type = NULL
            else:
                if name is not None or tokens.at(":"):
                    tokens.expect(":", "after the field's name")
                type_ = yield self.type_()
            if number in fields:
                self._duplicate(fields[number], name, start)
            fields[number] = Field(number, name, type_)
            next_id = number + 1
            if not tokens.accept(";") and not tokens.at("}"):
                place = tokens.source.location(opening.offset)
                tokens.fail(f"expected `;` or `}}` in the {kind} opened at {place}, found {tokens.current}")
        return tuple(fields[number] for number in sorted(fields))

    def _label(self, kind: str) -> tuple[int | None, str | None]:
        """The field's id or name; nothing for a positional field of a record."""
        tokens = self.tokens
        if tokens.current.kind == "number":
            return tokens.field_number(), None
        named = tokens.following.kind == "punct" and tokens.following.value == ":"
        if named or kind == "variant":
            return None, tokens.name(f"of a {kind} field")
        return None, None

    def _duplicate(self, first: Field, name: str | None, token: Token) -> None:
        if first.name is not None and name is not None and first.name != name:
            self.tokens.fail(
                f'the names "{first.name}" and "{name}" have the same hash {first.id}',
                token,
                remedy="rename one of the two",
            )
        self.tokens.fail(f"the field {first.name or first.id} occurs twice", token)

    def function(self) -> Step[Func]:
        tokens = self.tokens
        start = tokens.current
        args: tuple[Argument, ...] = yield self.arguments()
        tokens.expect("->", "between arguments and results")
        results: tuple[Argument, ...] = yield self.arguments()
        mode = ""
        while tokens.at(*_MODES):
            if mode:
                tokens.fail(f"a function has one mode, `{mode}` is given already")
            mode = str(tokens.next().value)
        if mode == "oneway" and results:
            tokens.fail("a oneway function has no results", start, remedy="write `-> () oneway`")
        return Func(args, results, mode)

    def arguments(self) -> Step[tuple[Argument, ...]]:
        tokens = self.tokens
        tokens.expect("(", "before arguments")
        arguments: list[Argument] = []
        seen: set[str] = set()
        while not tokens.accept(")"):
            name = None
            if tokens.current.kind == "text" or tokens.following[:2] == ("punct", ":"):
                start = tokens.current
                name = tokens.name("of an argument")
                tokens.expect(":", "after the argument's name")
                if name in seen:
                    tokens.fail(f'two arguments are called "{name}"', start)
                seen.add(name)
            arguments.append(Argument((yield self.type_()), name))
            if not tokens.accept(",") and not tokens.at(")"):
                tokens.fail(f"expected `,` or `)`, found {tokens.current}")
        return tuple(arguments)

    def service(self) -> Step[Service]:
        tokens = self.tokens
        tokens.expect("{", "before the methods")
        methods: dict[str, Type] = {}
        while not tokens.accept("}"):
            start = tokens.current
            name = tokens.name("of a method")
            if name in methods:
                tokens.fail(f'two methods are called "{name}"', start)
            tokens.expect(":", "after the method's name")
            if tokens.current.kind == "id":
                methods[name] = self._reference(tokens.next())
                if str(methods[name].name) in PRIMITIVES:  # type: ignore[union-attr]
                    tokens.fail("a method needs a function type", self.names[-1])
            else:
                methods[name] = yield self.function()
            if not tokens.accept(";") and not tokens.at("}"):
                tokens.fail(f"expected `;` or `}}` after a method, found {tokens.current}")
        return Service(tuple(sorted(methods.items())))


class _Program:
    """Definitions and services of a file and of all it imports."""

    def __init__(self, loader: Loader | None) -> None:
        self.loader = loader
        self.environment: Environment = {}
        self.init_args: tuple[Argument, ...] = ()
        self.actor: Type | None = None
        self.imported_methods: list[tuple[Type, TokenStream, Token]] = []
        self.parsers: list[TypeParser] = []
        self.definitions: dict[str, tuple[TokenStream, Token]] = {}
        self.files: set[str] = set()
        self.method_tokens: list[tuple[TokenStream, Token]] = []
        self.actor_token: tuple[TokenStream, Token] | None = None

    def read(self, text: str, source: str, *, main: bool, with_service: bool = False) -> None:
        """Reads a file; the files it imports are read when they are met."""
        self.files.add(posixpath.normpath(source))
        tokens = TokenStream(Source(text, source))
        parser = TypeParser(tokens)
        self.parsers.append(parser)
        while True:
            if tokens.at("type"):
                self._definition(parser)
            elif tokens.at("import"):
                self._import(tokens, source)
            else:
                break
            if not tokens.accept(";") and not (tokens.at("service") or tokens.current.kind == "end"):
                tokens.fail(f"expected `;` after a definition, found {tokens.current}")
        if tokens.at("service"):
            self._service(parser, main=main, with_service=with_service)
        elif with_service:
            tokens.fail("the imported file has no service")
        if tokens.current.kind != "end":
            tokens.fail(f"expected `type`, `import` or `service`, found {tokens.current}")

    def _definition(self, parser: TypeParser) -> None:
        tokens = parser.tokens
        tokens.next()
        token = tokens.current
        if token.kind != "id" or token.value in PRIMITIVES:
            tokens.fail(f"expected the name of a new type, found {token}")
        name = tokens.name("of a type")
        if name in self.environment:
            tokens.fail(f"the type `{name}` is defined twice", token)
        tokens.expect("=", "in a type definition")
        self.environment[name] = run(parser.type_())
        self.definitions[name] = (tokens, token)

    def _import(self, tokens: TokenStream, source: str) -> None:
        start = tokens.next()
        with_service = tokens.accept("service")
        if tokens.current.kind != "text":
            tokens.fail(f"expected the quoted path of a file, found {tokens.current}")
        path = tokens.text_of(tokens.next())
        if self.loader is None:
            tokens.fail(
                f'cannot import "{path}" here', start, remedy="copy its definitions, or give a loader"
            )
        resolved = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if resolved in self.files:
            return
        try:
            text = self.loader(resolved)
        except CandidError:
            raise
        except Exception as error:
            tokens.fail(f'cannot import "{path}": {error}', start)
        self.read(text, resolved, main=False, with_service=with_service)

    def _service(self, parser: TypeParser, *, main: bool, with_service: bool) -> None:
        tokens = parser.tokens
        tokens.next()
        if tokens.current.kind == "id":
            tokens.name("of the service")
        tokens.expect(":", "after `service`")
        init_args: tuple[Argument, ...] = ()
        if tokens.at("("):
            init_args = run(parser.arguments())
            tokens.expect("->", "after the init arguments")
        start = tokens.current
        actor: Type
        if tokens.at("{"):
            actor = run(parser.service())
        elif start.kind == "id":
            tokens.name("of a service type")
            actor = Ref(str(start.value))
            parser.names.append(start)
        else:
            tokens.fail(f"expected the methods in braces or the name of a service type, found {start}")
        tokens.accept(";")
        if main:
            self.actor, self.init_args, self.actor_token = actor, init_args, (tokens, start)
        elif with_service:
            self.imported_methods.append((actor, tokens, start))

    def finish(self) -> Interface:
        from .graph import check_definition, resolve

        for parser in self.parsers:
            parser.check_names(self.environment)
        for name, (tokens, token) in self.definitions.items():
            problem = check_definition(name, self.environment)
            if problem is not None:
                tokens.fail(problem, token)
        methods: dict[str, Type] = {}
        actors = list(self.imported_methods)
        if self.actor is not None:
            assert self.actor_token is not None
            actors.append((self.actor, *self.actor_token))
        for actor, tokens, token in actors:
            service = resolve(actor, self.environment)
            if not isinstance(service, Service):
                tokens.fail(f"{token} is not a service type", token)
            for name, method in service.methods:
                if name in methods and methods[name] != method:
                    tokens.fail(f'the method "{name}" comes from two services', token)
                if not isinstance(resolve(method, self.environment), Func):
                    tokens.fail(f'the type of the method "{name}" is not a function type', token)
                methods[name] = method
        return Interface(
            self.environment, self.init_args, Service(tuple(sorted(methods.items()))) if actors else None
        )
