import hashlib

import certifi


def answer() -> str:
    """The file of certificates, read as package data."""
    text = certifi.contents()
    return f"{len(text)} {text.count('BEGIN CERTIFICATE')} {hashlib.sha256(text.encode()).hexdigest()}"
