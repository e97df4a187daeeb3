"""Principals: the identities of canisters and users.

Source: Internet Computer interface specification, "Principals" and "Textual representation of principals".
"""

from __future__ import annotations

from _struct import unpack_from
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from typing import NoReturn

__all__ = ["Principal", "PrincipalError"]

# Interface specification, "Principals": an opaque blob of at most 29 bytes.
MAX_BYTES = 29
# Interface specification, "Special forms of Principals": the last byte tells the class.
_SELF_AUTHENTICATING = b"\x02"
_ANONYMOUS = b"\x04"

# RFC 4648 base 32, in lower case and without padding: five bits a letter.
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567"
# From numbers 0-31 to letters, and from letters to the digits 0-9a-v that int(…, 32) reads.  Everything that
# is no letter becomes a byte that int() refuses.
_TO_LETTERS = _LETTERS + bytes(256 - 32)
_TO_DIGITS = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[_LETTERS.index(byte)] if byte in _LETTERS else 0x21
    for byte in range(256)
)

_bytes = bytes


class PrincipalError(ValueError):
    """A text or byte string is not a principal."""


class Principal:
    """A principal: an immutable value of at most 29 bytes.

    Principals compare, hash and sort by their bytes.  The text form is computed when it is asked
    for and not kept.

    >>> Principal.from_str("aaaaa-aa") == Principal.management_canister()
    True
    """

    __slots__ = ("bytes",)

    # The bridge makes instances of this class by filling its only slot (bridge_crate/src/capi/single.rs).
    _one_slot_ = True

    if TYPE_CHECKING:

        @property
        def bytes(self) -> builtins.bytes:
            """The principal's bytes."""

    def __init__(self, bytes: builtins.bytes = b"") -> None:
        if bytes.__class__ is not _bytes or len(bytes) > MAX_BYTES:
            bytes = _checked(bytes)
        _set_bytes(self, bytes)

    @staticmethod
    def from_str(text: str) -> Principal:
        """Reads the text form, such as ``rrkah-fqaaa-aaaaa-aaaaq-cai``.

        Raises :class:`PrincipalError` when letters, checksum, length or dashes are wrong.
        """
        return Principal(_parse(text))

    @staticmethod
    def from_text(text: str) -> Principal:
        """The same as :meth:`from_str`."""
        return Principal(_parse(text))

    @staticmethod
    def from_hex(text: str) -> Principal:
        """Reads the bytes as hexadecimal digits, in either case."""
        try:
            return Principal(_bytes.fromhex(text))
        except (TypeError, ValueError):
            raise PrincipalError(f"not a principal in hexadecimal digits: {text!r}") from None

    @staticmethod
    def management_canister() -> Principal:
        """The management canister, ``aaaaa-aa``."""
        return Principal(b"")

    @staticmethod
    def anonymous() -> Principal:
        """The anonymous caller, ``2vxsx-fae``."""
        return Principal(_ANONYMOUS)

    @staticmethod
    def self_authenticating(public_key: builtins.bytes | str) -> Principal:
        """The principal of a user with this DER-encoded public key (bytes, or hexadecimal digits)."""
        from hashlib import sha224

        if isinstance(public_key, str):
            public_key = _bytes.fromhex(public_key)
        return Principal(sha224(public_key).digest() + _SELF_AUTHENTICATING)

    @property
    def hex(self) -> str:
        """The bytes in upper-case hexadecimal digits."""
        return self.bytes.hex().upper()

    @property
    def is_anonymous(self) -> bool:
        """True for the anonymous caller."""
        return self.bytes == _ANONYMOUS

    def to_str(self) -> str:
        """The text form: base 32 of CRC32 and bytes, in groups of five."""
        return _format(self.bytes)

    to_text = to_str
    __str__ = to_str

    def __repr__(self) -> str:
        return f"Principal({self.to_str()})"

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __eq__(self, other: object) -> bool:
        if other.__class__ is Principal:
            return self.bytes == other.bytes
        return NotImplemented

    def _order(self) -> tuple[int, builtins.bytes]:
        """Shorter principals come first, as in the Rust library: maps in stable memory rely on one order."""
        return len(self.bytes), self.bytes

    def __lt__(self, other: object) -> bool:
        return self._order() < other._order() if isinstance(other, Principal) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._order() <= other._order() if isinstance(other, Principal) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._order() > other._order() if isinstance(other, Principal) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._order() >= other._order() if isinstance(other, Principal) else NotImplemented

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a principal cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a principal cannot be changed")

    def __reduce__(self) -> tuple[type[Principal], tuple[builtins.bytes]]:
        return Principal, (self.bytes,)

    def __copy__(self) -> Principal:
        return self

    def __deepcopy__(self, memo: object) -> Principal:
        return self


# The slot's own setter: it gets round __setattr__, which keeps everybody else out.
_set_bytes = Principal.__dict__["bytes"].__set__


def _checked(data: object) -> bytes:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"a principal is made of bytes, not of {type(data).__name__}; for text use Principal.from_str"
        )
    if len(data) > MAX_BYTES:
        raise PrincipalError(f"a principal has at most {MAX_BYTES} bytes, not {len(data)}")
    return bytes(data)


def _spreading_steps() -> tuple[tuple[int, int, int], ...]:
    """Masks and shifts that move each five bits of a 320-bit number into a byte of their own.

    A step takes fields of 2n bits apart, so that each half of n bits has room to grow: 64 letters are spread
    in six steps on whole numbers, which is quicker than a loop over the letters.
    """
    steps = []
    width, room = 160, 256  # bits of half a field, and bits that this half occupies in the end
    while width >= 5:
        fields = 320 // (2 * width)
        low = sum(((1 << width) - 1) << (field * 2 * room) for field in range(fields))
        steps.append((low, low << width, room - width))
        width //= 2
        room //= 2
    return tuple(steps)


_SPREADING = _spreading_steps()
# The principals of canisters have at most 32 letters, and smaller numbers are quicker.
_HALF = (1 << 256) - 1
# Formats of struct that cut so many letters into groups of five.
_GROUPS = tuple("5s" * (count // 5) + (f"{count % 5}s" if count % 5 else "") for count in range(54))
_SHORT_SPREADING = tuple((low & _HALF, high & _HALF, shift) for low, high, shift in _SPREADING[1:])


def _format(data: bytes) -> str:
    size = len(data) + 4
    count = (8 * size + 4) // 5
    number = int.from_bytes(crc32(data).to_bytes(4, "big") + data, "big")
    steps, letters = (_SHORT_SPREADING, 32) if count <= 32 else (_SPREADING, 64)
    number <<= 5 * letters - 8 * size
    for low, high, shift in steps:
        number = (number & low) | ((number & high) << shift)
    line = number.to_bytes(letters, "big").translate(_TO_LETTERS)
    return b"-".join(unpack_from(_GROUPS[count], line)).decode()


def _parse(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"the text of a principal is a str, not {type(text).__name__}")
    digits = text.encode("utf-8", "replace").translate(_TO_DIGITS, b"-")
    count = len(digits)
    size = count * 5 // 8
    dashes = (count - 1) // 5
    # 4 bytes of checksum and 0 to 29 bytes make 7 to 53 letters.
    if 7 <= count <= 53 and len(text) == count + dashes and text[5::6] == "-" * dashes:
        surplus = count * 5 - size * 8
        try:
            number = int(digits, 32)
        except ValueError:
            raise _explain(text) from None
        raw = (number >> surplus).to_bytes(size, "big")
        data = raw[4:]
        if surplus < 5 and raw[:4] == crc32(data).to_bytes(4, "big") and number & ((1 << surplus) - 1) == 0:
            return data
    raise _explain(text)


def _explain(text: str) -> PrincipalError:
    """The error for a text that is not a principal, with the likely mistake."""
    letters = text.replace("-", "")
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    if letters.isascii() and letters != letters.lower():
        return PrincipalError(f"not a principal: {shown} (write it in lower case)")
    for wrong in "0189":
        if wrong in letters:
            return PrincipalError(f"not a principal: {shown} (the digit {wrong} never occurs in one)")
    digits = letters.encode("utf-8", "replace").translate(_TO_DIGITS)
    if b"!" in digits or not 7 <= len(digits) <= 53:
        return PrincipalError(f"not a principal: {shown}")
    size = len(digits) * 5 // 8
    raw = (int(digits, 32) >> (len(digits) * 5 - size * 8)).to_bytes(size, "big")
    if raw[:4] != crc32(raw[4:]).to_bytes(4, "big"):
        return PrincipalError(f"not a principal: {shown} (its checksum does not match: a typing error?)")
    return PrincipalError(f"not a principal: {shown} (it is written {_format(raw[4:])})")
