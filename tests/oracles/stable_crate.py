"""The crate ``basilisk-stable`` beside ic-stable-structures, on one memory, run in wasmtime."""

from __future__ import annotations

import functools
from typing import Literal

from .crates import WIRE, build
from .instance import Crate, joined, split

__all__ = ["BOUNDED", "Command", "Library", "StableCrate", "number", "start"]

_CRATE = "tests/oracles/stable_crate"
_RECIPE = f"""\
cd "$SOURCE/{_CRATE}"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --release --target wasm32-wasip1
cp "$TARGET/wasm32-wasip1/release/stable_oracle.wasm" "$OUT/"
"""
#: Fuel of a request and bytes of an instance, for what works on damaged memory.
BOUNDED = {"fuel": 400_000_000, "memory": 64 << 20}

Library = Literal["ours", "theirs"]

#: A letter and arguments; see ``stable_crate/src/ours.rs``.
Command = tuple[str, tuple[bytes, ...]]


def number(value: int) -> bytes:
    """A number as commands take it."""
    return value.to_bytes(8, "little")


@functools.cache
def start(*, bounded: bool = False) -> StableCrate:
    """The crate, compiled when it is not in the cache."""
    path = build("stable-crate", [_CRATE, "bridge_crate/stable", WIRE], _RECIPE, "stable_oracle.wasm")
    return StableCrate(path, **(BOUNDED if bounded else {}))


class StableCrate(Crate):
    """The operations."""

    def load(self, memory: bytes) -> None:
        """Takes the bytes of a stable memory."""
        self.ask(b"L", memory)

    def dump(self) -> bytes:
        """The bytes of the memory."""
        return self.ask(b"D")[0]

    def overwrite(self, place: int, data: bytes) -> None:
        """Changes bytes of the memory."""
        self.ask(b"M", number(place), data)

    def work(
        self,
        library: Library,
        kind: str,
        commands: list[Command],
        *,
        ids: tuple[int, int] = (5, 6),
        bucket: int = 1,
    ) -> list[list[bytes]]:
        """Runs commands on a structure, which is opened anew; one answer for each."""
        encoded = [letter.encode() + joined(arguments) for letter, arguments in commands]
        place = bytes(ids) + bucket.to_bytes(2, "little")
        return [
            split(answer, 1) for answer in self.ask(b"W", library.encode(), kind.encode(), place, *encoded)
        ]

    def print(self) -> list[str]:
        """What a Rust program reads in the memory; see ``stable_crate/src/rust_program.rs``."""
        return self.ask(b"P")[0].decode().splitlines()

    def change(self) -> None:
        """The Rust program changes every structure."""
        self.ask(b"C")
