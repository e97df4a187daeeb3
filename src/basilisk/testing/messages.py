"""Between Python values and Candid messages, with errors that name method, argument and place."""

from __future__ import annotations

from collections.abc import Sequence

from basilisk.candid.decoder import decode
from basilisk.candid.did_printer import format_arguments, format_type
from basilisk.candid.encoder import encode
from basilisk.candid.errors import CandidError
from basilisk.candid.types import Argument, Environment, Ref
from basilisk.errors import BasiliskError, UsageError
from basilisk.testing.values import present, send_form

__all__ = ["EMPTY", "ArgumentError", "read_reply", "write_arguments"]

#: Candid for "no arguments".
EMPTY = b"DIDL\x00\x00"


class ArgumentError(UsageError, TypeError):
    """Arguments do not fit the interface; nothing was sent.

    ``path`` names the place, such as ``args[0].items[3].count``; None when their number is wrong.
    """

    def __init__(self, what: str, *, path: str | None, cause: str, remedy: str | None) -> None:
        super().__init__(what, cause=cause, remedy=remedy)
        self.path = path


def write_arguments(
    name: str, types: Sequence[Argument], values: Sequence[object], environment: Environment
) -> bytes:
    """The message for ``values``.  Raises :class:`ArgumentError` that speaks of ``name``."""
    __tracebackhide__ = True
    signature = f"{name} takes {_described(types, environment)}"
    if len(values) != len(types):
        count = f"{len(values)} {'was' if len(values) == 1 else 'were'}"
        wanted = f"{len(types)} argument{'' if len(types) == 1 else 's'}"
        raise ArgumentError(
            f"{name} takes {wanted}, {count} given", path=None, cause=signature, remedy=None
        ) from None
    try:
        return encode(types, [send_form(value) for value in values], environment)
    except CandidError as error:
        raise ArgumentError(
            f"arguments of {name}: {error.what}", path=error.path, cause=signature, remedy=error.remedy
        ) from None


def _described(types: Sequence[Argument], environment: Environment) -> str:
    """The types of arguments, and what the names among them stand for."""
    names = dict.fromkeys(item.type.name for item in types if isinstance(item.type, Ref))
    where = "; ".join(f"{name} is {format_type(environment[name], width=10_000)}" for name in names)
    return format_arguments(types) + (f", where {where}" if where else "")


def read_reply(name: str, data: bytes, types: Sequence[Argument], environment: Environment) -> object:
    """The value of a reply: None for no result, the value for one, a tuple for several.

    Raises BasiliskError when the canister's reply is not what its interface promises.
    """
    __tracebackhide__ = True
    try:
        values = decode(data, types, environment)
    except CandidError as error:
        raise BasiliskError(
            f"the reply of {name} is not what the interface promises: {error.what}",
            cause=f"{name} returns {format_arguments(types)}",
            remedy="check that interface and module belong together",
        ) from None
    shown = [present(value, item.type, environment) for value, item in zip(values, types)]
    return shown[0] if len(shown) == 1 else tuple(shown) if shown else None
