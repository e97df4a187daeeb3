import hashlib

import ecdsa


def answer() -> str:
    """Signatures on two curves, deterministic (RFC 6979), and their verification."""
    key = ecdsa.SigningKey.from_secret_exponent(0xC0FFEE, curve=ecdsa.SECP256k1, hashfunc=hashlib.sha256)
    signature = key.sign_deterministic(b"message")
    edward = ecdsa.SigningKey.from_string(bytes(range(32)), curve=ecdsa.Ed25519)
    good = key.verifying_key.verify(signature, b"message")
    try:
        key.verifying_key.verify(signature, b"massage")
    except ecdsa.BadSignatureError:
        bad = "refused"
    return repr((signature.hex(), good, bad, edward.sign(b"message").hex()))
