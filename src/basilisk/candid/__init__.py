"""Candid on the host and in the canister: types, interface files, text values and the binary format.

The names below are the public API.  Each is loaded from its submodule when it is first used, so that a
program pays for what it needs only.

>>> from basilisk import candid
>>> interface = candid.parse_did("service : { greet : (text) -> (text) query }")
>>> message = candid.encode([candid.types.TEXT], ["World"])
>>> candid.decode(message, [candid.types.TEXT])
['World']

Values in Python: record → dict, positional record → tuple (dict with int keys when decoded without types),
variant → ``{tag: value}``, opt → value or None, vec → list, blob → bytes, principal and service →
``basilisk.Principal``, func → ``(Principal, str)``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import types
    from .compatibility import Break, Comparison, check_upgrade, compare_interfaces
    from .decoder import decode
    from .did_parser import parse_did, parse_type, parse_types
    from .did_printer import format_arguments, format_did, format_type
    from .encoder import encode
    from .equality import same_type
    from .errors import CandidError
    from .inference import infer_type
    from .message import message_types
    from .subtyping import Difference, Subtyping, subtype
    from .text import message_to_text, text_to_message
    from .types import field_id
    from .value_printer import format_value, format_values
    from .value_reader import parse_typed_values, parse_values
    from .values import Some

__all__ = [
    "Break",
    "CandidError",
    "Comparison",
    "Difference",
    "Some",
    "Subtyping",
    "check_upgrade",
    "compare_interfaces",
    "decode",
    "encode",
    "field_id",
    "format_arguments",
    "format_did",
    "format_type",
    "format_value",
    "format_values",
    "infer_type",
    "message_to_text",
    "message_types",
    "parse_did",
    "parse_type",
    "parse_typed_values",
    "parse_types",
    "parse_values",
    "same_type",
    "subtype",
    "text_to_message",
    "types",
]

_HOMES = {
    "Break": "compatibility",
    "CandidError": "errors",
    "Comparison": "compatibility",
    "Difference": "subtyping",
    "Some": "values",
    "Subtyping": "subtyping",
    "check_upgrade": "compatibility",
    "compare_interfaces": "compatibility",
    "decode": "decoder",
    "encode": "encoder",
    "field_id": "types",
    "format_arguments": "did_printer",
    "format_did": "did_printer",
    "format_type": "did_printer",
    "format_value": "value_printer",
    "format_values": "value_printer",
    "infer_type": "inference",
    "message_to_text": "text",
    "message_types": "message",
    "parse_did": "did_parser",
    "parse_type": "did_parser",
    "parse_typed_values": "value_reader",
    "parse_types": "did_parser",
    "parse_values": "value_reader",
    "same_type": "equality",
    "subtype": "subtyping",
    "text_to_message": "text",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "types":
        return import_module(".types", __name__)
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("." + home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
