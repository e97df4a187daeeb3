"""Between Candid messages and Candid text, without types given: what ``ic.candid_encode`` and
``ic.candid_decode`` do.
"""

from __future__ import annotations

from .decoder import decode
from .encoder import encode
from .message import message_types
from .value_printer import format_values
from .value_reader import parse_typed_values

__all__ = ["message_to_text", "text_to_message"]


def text_to_message(text: str) -> bytes:
    """The message of a text such as ``(42 : nat64, "x")``; unannotated numbers are int."""
    types, values = parse_typed_values(text)
    return encode(types, values)


def message_to_text(data: bytes) -> str:
    """The values of a message as text; field names are not in a message, ids stand in their place."""
    types, environment = message_types(data)
    return format_values(decode(data, types, environment), types, environment)
