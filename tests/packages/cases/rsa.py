import rsa
from rsa import common, transform

KEY = rsa.PublicKey((1 << 2047) + 12345, 65537)


def answer() -> str:
    """A wrong signature is refused; numbers are transformed."""
    try:
        rsa.verify(b"message", b"\0" * 256, KEY)
    except rsa.VerificationError as error:
        message = str(error)
    return repr((message, common.inverse(3, 11), transform.int2bytes(2**40 + 7), common.byte_size(KEY.n)))
