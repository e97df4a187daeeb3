"""Decodes messages at plans that come with them, to see what a canister's codec makes of them."""

import marshal
from typing import Any

from basilisk import Principal, Some, blob, query

codec = __import__("_basilisk_ic")


class Reference:
    """A service reference."""

    def __init__(self, raw: bytes) -> None:
        self.canister_id = Principal(raw)


CLASSES = {"opt": Some, "principal": Principal, "service": Reference}


def plain(value: Any) -> Any:
    if isinstance(value, Principal):
        return ("principal", value.bytes)
    if isinstance(value, Reference):
        return ("service", value.canister_id.bytes)
    if isinstance(value, Some):
        return ("some", plain(value.value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


def decoded(nodes: Any, roots: Any, message: bytes) -> Any:
    nodes = tuple((*node[:-1], CLASSES[node[0]]) if node[0] in CLASSES else node for node in nodes)
    try:
        return ("values", plain(codec.decode(codec.compile_plan(nodes, roots), message)))
    except codec.CandidError as error:
        return ("refused", str(error))


@query
def decode(requests: blob) -> blob:
    return marshal.dumps([decoded(*request) for request in marshal.loads(requests)], 2)
