"""The crates ``candid`` and ``candid_parser``, the reference implementation, run in wasmtime."""

from __future__ import annotations

import functools

from basilisk import candid
from basilisk.candid.types import Argument, Environment, Func, Interface, Service, Type

from .crates import WIRE, build
from .instance import Crate, Refused

__all__ = ["CandidCrate", "Refused", "interface_text", "start"]

_CRATE = "tests/oracles/candid_crate"
_RECIPE = f"""\
cd "$SOURCE/{_CRATE}"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --release --target wasm32-wasip1
cp "$TARGET/wasm32-wasip1/release/candid_oracle.wasm" "$OUT/"
"""


def interface_text(environment: Environment, **methods: list[Type]) -> str:
    """An interface whose methods take arguments of the given types, printed by our printer."""
    functions = sorted(
        (name, Func(tuple(Argument(type_) for type_ in types), ())) for name, types in methods.items()
    )
    return candid.format_did(Interface(environment, (), Service(tuple(functions))))


@functools.cache
def start() -> CandidCrate:
    """The crate, compiled when it is not in the cache."""
    return CandidCrate(build("candid-crate", [_CRATE, WIRE], _RECIPE, "candid_oracle.wasm"))


class CandidCrate(Crate):
    """The operations."""

    def decode(self, interface: str, method: str, message: bytes) -> tuple[bytes, str]:
        """The message read at the types of the method's arguments: written anew, and as text."""
        written, text = self.ask(b"D", interface.encode(), method.encode(), message)
        return written, text.decode()

    def encode(self, interface: str, method: str, values: str) -> bytes:
        """Values in the text format as a message."""
        return self.ask(b"E", interface.encode(), method.encode(), values.encode())[0]

    def subtypes(self, interface: str, below: str, above: str) -> list[bool]:
        """Whether each argument of one method has a subtype of the other's."""
        return [one == 1 for one in self.ask(b"S", interface.encode(), below.encode(), above.encode())[0]]

    def print(self, interface: str) -> str:
        """The interface as the crate prints it."""
        return self.ask(b"P", interface.encode())[0].decode()

    def check_equal(self, one: str, other: str) -> None:
        """Raises Refused with the reason when two interfaces do not mean the same."""
        self.ask(b"Q", one.encode(), other.encode())
