"""Keywords of the Candid text formats, apart from the lexer so that printing needs no lexer."""

from __future__ import annotations

__all__ = ["KEYWORDS"]

# Words of the grammar; names of primitive types are ordinary identifiers to the lexer.
KEYWORDS = frozenset(
    "null vec record variant func service oneway query composite_query blob type import opt principal "
    "true false".split()
)
