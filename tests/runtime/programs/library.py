"""Imports whatever it is asked to, by computed names."""

import importlib

from basilisk import Opt, Record, Vec, query, update


class Outcome(Record):
    name: str
    error: Opt[str]


def attempt(name: str) -> Outcome:
    try:
        importlib.import_module(name)
    except BaseException as error:
        return {"name": name, "error": f"{type(error).__name__}: {error}"}
    return {"name": name, "error": None}


@update
def load(names: Vec[str]) -> Vec[Outcome]:
    """Imports all of them, one after the other."""
    return [attempt(name) for name in names]


@query
def load_alone(name: str) -> Outcome:
    """Imports one into the canister's first state."""
    return attempt(name)


@query
def answers() -> Vec[str]:
    """Work of modules that lie in the compressed library."""
    import bz2
    import logging.config
    import lzma
    import unittest.mock
    import xml.sax.saxutils
    from email.message import EmailMessage

    logging.config.dictConfig({"version": 1})
    mock = unittest.mock.Mock(return_value=7)
    mail = EmailMessage()
    mail["Subject"] = "Grüße"
    mail.set_content("text")
    return [
        lzma.decompress(lzma.compress(b"lzma " * 100)).decode()[:4],
        bz2.decompress(bz2.compress(b"bz2 " * 100)).decode()[:3],
        str(mock(1)),
        xml.sax.saxutils.escape("<a>"),
        mail.as_string().splitlines()[0],
    ]
