"""The table of built-in modules without those that the library refuses: nothing else leads to their code."""

from __future__ import annotations

import re

from stdlib_bundler.policy import BUILT_IN, OPTIONAL_BUILT_IN

__all__ = ["shipped_only"]

_SHIPPED = BUILT_IN | OPTIONAL_BUILT_IN.keys()
_ROW = re.compile(r'^ *\{"(\w+)", \w+\},\n', re.MULTILINE)


def shipped_only(config: str) -> str:
    """CPython's ``Modules/config.c`` (its text) with the rows of modules that a canister can import."""
    return _ROW.sub(lambda match: match[0] if match[1] in _SHIPPED else "", config)
