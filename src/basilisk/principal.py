"""Principals: the identities of canisters and users.

Source: Internet Computer interface specification, "Principals" and "Textual representation of principals".
"""

from __future__ import annotations

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

# RFC 4648 base 32, in lower case and without padding, five bits a letter.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
# int(text, 32) reads 0-9a-v, so the letters of one alphabet are replaced by those of the other.
_TO_DIGITS = str.maketrans(_LETTERS, "0123456789abcdefghijklmnopqrstuv")

_bytes = bytes


class PrincipalError(ValueError):
    """A text or byte string is not a principal."""


class Principal:
    """A principal: an immutable value of at most 29 bytes.

    Principals compare, hash and sort by their bytes.  The text form is computed when it is asked for.

    >>> Principal.from_str("aaaaa-aa") == Principal.management_canister()
    True
    """

    __slots__ = ("_text", "bytes")

    if TYPE_CHECKING:
        _text: str

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
        try:
            return self._text
        except AttributeError:
            text = _format(self.bytes)
            _set_text(self, text)
            return text

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

    def __lt__(self, other: object) -> bool:
        return self.bytes < other.bytes if isinstance(other, Principal) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.bytes <= other.bytes if isinstance(other, Principal) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.bytes > other.bytes if isinstance(other, Principal) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.bytes >= other.bytes if isinstance(other, Principal) else NotImplemented

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


# The slots' own setters: they get round __setattr__, which keeps everybody else out.
_set_bytes = Principal.__dict__["bytes"].__set__
_set_text = Principal.__dict__["_text"].__set__


def _checked(data: object) -> bytes:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"a principal is made of bytes, not of {type(data).__name__}; for text use Principal.from_str"
        )
    if len(data) > MAX_BYTES:
        raise PrincipalError(f"a principal has at most {MAX_BYTES} bytes, not {len(data)}")
    return bytes(data)


def _format(data: bytes) -> str:
    bits = 8 * (len(data) + 4)
    length = (bits + 4) // 5
    number = int.from_bytes(crc32(data).to_bytes(4, "big") + data, "big") << (length * 5 - bits)
    letters = _LETTERS
    text = ""
    # Five letters a round: 25 bits stay a small int, which is quicker than shifting the long one.
    while length > 5:
        length -= 5
        group = number >> (5 * length)
        number &= (1 << (5 * length)) - 1
        text += (
            letters[group >> 20]
            + letters[(group >> 15) & 31]
            + letters[(group >> 10) & 31]
            + letters[(group >> 5) & 31]
            + letters[group & 31]
            + "-"
        )
    while length:
        length -= 1
        text += letters[(number >> (5 * length)) & 31]
    return text


def _parse(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"the text of a principal is a str, not {type(text).__name__}")
    letters = text.replace("-", "")
    # 4 bytes of checksum and 0 to 29 bytes make 7 to 53 letters.
    if not (letters.isascii() and letters.isalnum() and 7 <= len(letters) <= 53):
        raise PrincipalError(f"not a principal: {text!r}")
    if letters != letters.lower():
        raise PrincipalError(f"not a principal: {text!r} (write it in lower case)")
    for wrong in "0189":
        if wrong in letters:
            raise PrincipalError(f"not a principal: {text!r} (the digit {wrong} never occurs in one)")
    size = len(letters) * 5 // 8
    surplus = len(letters) * 5 - size * 8
    number = int(letters.translate(_TO_DIGITS), 32)
    raw = (number >> surplus).to_bytes(size, "big")
    data = raw[4:]
    if int.from_bytes(raw[:4], "big") != crc32(data):
        raise PrincipalError(f"not a principal: {text!r} (its checksum does not match: a typing error?)")
    if text != _format(data):
        raise PrincipalError(f"not a principal: {text!r} (it is written {_format(data)})")
    return data
