"""Routes: which handler answers a request, and with what arguments."""

from __future__ import annotations

from basilisk.faults import ProgramFault
from basilisk.http.messages import HttpError, Request, unquote
from basilisk.principal import Principal
from basilisk.scalars import Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Handler = Callable[..., Any]
    Converter = Callable[[str], Any]

__all__ = ["Route", "Table"]

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_MISSING: Any = object()


class Route:
    """One handler.

    ``parts`` are the segments of its path: text, or a tuple of a parameter's name and whether it takes the
    whole rest.  ``update`` says that it runs as an update call.
    """

    __slots__ = ("converters", "handler", "method", "parts", "path", "status", "takes_request", "update")

    def __init__(self, method: str, path: str, handler: Handler, status: int, update: bool) -> None:
        self.method = method
        self.path = path
        self.handler = handler
        self.status = status
        self.update = update
        self.parts = list(self._parse(path))
        names = [part[0] for part in self.parts if isinstance(part, tuple)]
        if len(set(names)) != len(names):
            raise self.fault(f"the path {path!r} names a parameter twice", remedy="rename one of them")
        self.takes_request: str | None = None
        #: For each parameter: where it comes from, how its text is converted, its default.
        self.converters: list[tuple[str, bool, Converter | None, Any]] = []
        self._read_parameters(names)

    def _parse(self, path: str) -> Iterator[str | tuple[str, bool]]:
        if not path.startswith("/"):
            raise self.fault(f"the path {path!r} does not begin with a slash", remedy=f"write '/{path}'")
        segments = path[1:].split("/")
        for number, segment in enumerate(segments):
            if not (segment.startswith("{") and segment.endswith("}")):
                if "{" in segment or "}" in segment:
                    raise self.fault(
                        f"in the path {path!r} a parameter is only a part of the segment {segment!r}",
                        remedy="give it a segment of its own, such as /items/{id}",
                    )
                yield segment
                continue
            name, _, kind = segment[1:-1].partition(":")
            rest = kind == "path"
            if not name.isidentifier() or (kind and not rest) or (rest and number != len(segments) - 1):
                raise self.fault(
                    f"the path {path!r} has no parameter in {segment!r}",
                    remedy="write {name}, or {name:path} at the end for all that follows",
                )
            yield name, rest

    def _read_parameters(self, names: list[str]) -> None:
        code = self.handler.__code__
        parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        defaults = dict(
            zip(
                parameters[code.co_argcount - len(self.handler.__defaults__ or ()) :],
                self.handler.__defaults__ or (),
            )
        )
        defaults.update(self.handler.__kwdefaults__ or {})
        for name in names:
            if name not in parameters:
                raise self.fault(
                    f"the path {self.path!r} has a parameter {name!r} that the function does not take",
                    remedy=f"add it to the function: def {self.handler.__name__}({name}: str)",
                )
        for name in parameters:
            kind = self._kind(name)
            if kind is Request or (kind is None and name == "request"):
                self.takes_request = name
                continue
            from_path = name in names
            self.converters.append(
                (name, from_path, self._converter(name, kind), defaults.get(name, _MISSING))
            )

    def _kind(self, name: str) -> Any:
        kind = self.handler.__annotations__.get(name)
        if isinstance(kind, str):
            try:
                kind = eval(kind, self.handler.__globals__)
            except Exception as error:
                raise self.fault(
                    f"the annotation {kind!r} of {name!r} cannot be evaluated: {error}",
                    remedy="import what it names",
                ) from None
        return kind

    def _converter(self, name: str, kind: Any) -> Converter | None:
        """How the text of a parameter becomes its value; None for a list of texts."""
        inner = getattr(kind, "arguments", None) or getattr(kind, "__args__", None)
        if (
            inner
            and type(None) not in inner
            and getattr(kind, "__origin__", None) is list
            and inner[0] is str
        ):
            return None
        if inner:
            rest = [item for item in inner if item is not type(None)]
            kind = rest[0] if len(rest) == 1 and getattr(kind, "__origin__", None) is not list else kind
        if kind is None or kind is str:
            return str
        if kind is bool:
            return _boolean
        if kind in (int, float):
            return kind  # type: ignore[no-any-return]
        if kind is Principal:
            return Principal.from_str
        if isinstance(kind, Scalar) and kind.python in (str, int, float):
            return kind
        raise self.fault(
            f"the parameter {name!r} has the type {getattr(kind, '__name__', kind)!s}, which no URL can hold",
            remedy="use str, int, float, bool, Principal or list[str], or take the Request and read its body",
        )

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The texts of the path's parameters if the path fits; ``segments`` are percent-encoded."""
        found: dict[str, str] = {}
        parts = self.parts
        for number, part in enumerate(parts):
            if number == len(segments):
                return None
            if isinstance(part, str):
                if part != segments[number] and part != unquote(segments[number]):
                    return None
            elif part[1]:
                found[part[0]] = "/".join(unquote(segment) for segment in segments[number:])
                return found
            elif not segments[number]:
                return None
            else:
                found[part[0]] = unquote(segments[number])
        return found if len(parts) == len(segments) else None

    def order(self) -> tuple[Any, ...]:
        """Sorts routes so that the more specific come first: text, then a parameter, then the rest."""
        return tuple(0 if isinstance(part, str) else 2 if part[1] else 1 for part in self.parts)

    def call(self, request: Request, found: dict[str, str]) -> Any:
        """What the handler returns.  Raises HttpError for parameters that do not have their type."""
        arguments: dict[str, Any] = {}
        if self.takes_request is not None:
            arguments[self.takes_request] = request
        for name, from_path, convert, default in self.converters:
            if convert is None:
                values = request.query_list(name)
                arguments[name] = values if values or default is _MISSING else default
                continue
            text = found[name] if from_path else request.query.get(name)
            if text is None:
                if default is _MISSING:
                    raise HttpError(400, f"the parameter {name!r} is missing")
                arguments[name] = default
                continue
            try:
                arguments[name] = convert(text)
            except ValueError:
                if from_path:  # there is no such resource
                    raise HttpError(404) from None
                raise HttpError(400, f"the parameter {name!r} cannot be {text!r}") from None
        return self.handler(**arguments)

    def fault(self, message: str, remedy: str) -> ProgramFault:
        """The error that points at the handler."""
        code = self.handler.__code__
        return ProgramFault(
            "http",
            message,
            remedy=remedy,
            module=self.handler.__module__,
            function=self.handler.__qualname__,
            first_line=code.co_firstlineno,
        )


class Table:
    """All routes of a canister."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def add(self, route: Route) -> None:
        """Adds a route.  Raises ProgramFault if there is one of the same method and shape."""
        shape = [part if isinstance(part, str) else part[1] for part in route.parts]
        for other in self.routes:
            if other.method == route.method and shape == [
                part if isinstance(part, str) else part[1] for part in other.parts
            ]:
                raise route.fault(
                    f"{route.method} {route.path} is answered by '{other.handler.__name__}' already",
                    remedy="remove one of the two",
                )
        self.routes.append(route)
        self.routes.sort(key=Route.order)

    def find(self, method: str, raw_path: str) -> tuple[Route | None, dict[str, str], list[str]]:
        """The route for a request with its parameters, and the methods that the path has."""
        segments = raw_path[1:].split("/")
        allowed: list[str] = []
        for route in self.routes:
            found = route.match(segments)
            if found is not None:
                if route.method == method or (method == "HEAD" and route.method == "GET"):
                    return route, found, allowed
                allowed.append(route.method)
        return None, {}, sorted(set(allowed))


def _boolean(text: str) -> bool:
    lower = text.lower()
    if lower in _TRUE:
        return True
    if lower in _FALSE:
        return False
    raise ValueError(text)
