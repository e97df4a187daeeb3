"""Imports of refused library modules at the top of installed modules, moved to the place of use.

Many packages write ``import subprocess`` or ``import socket`` at the top for a function that a canister never
calls.  As it stands, the whole package could not be imported.  The statement is replaced, in its own line, by
an object that imports the module when something is asked of it and so fails there, with the reason.  The same
is done to modules of the standard library (``stdlib_bundler/edits.py``).  Guarded imports and those of single
names stay as they are, and so do the program's own.
"""

from __future__ import annotations

import ast
import re

from basilisk.runtime.stdlib import StdlibIndex

__all__ = ["defer_refused"]

_IMPORT = re.compile(rb"^import[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_PROXY = '{{"__getattr__": lambda self, name: getattr(__import__("{name}"), name)}}'
_LATER = f'{{target}} = type("{{name}}", (), {_PROXY})()'


def defer_refused(source: bytes, stdlib: StdlibIndex) -> tuple[bytes, tuple[str, ...]]:
    """The source with such imports moved, and the names of the modules; line numbers stay."""
    if not any(stdlib.refusal(match.decode("ascii")) is not None for match in _IMPORT.findall(source)):
        return source, ()
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):  # newer than this Python: left as it is
        return source, ()
    lines = source.splitlines(keepends=True)
    names = []
    for node in body:
        if not isinstance(node, ast.Import) or len(node.names) != 1 or node.lineno != node.end_lineno:
            continue
        alias = node.names[0]
        if "." in alias.name or stdlib.refusal(alias.name) is None:
            continue
        line = lines[node.lineno - 1]
        start, end = node.col_offset, node.end_col_offset or len(line)
        later = _LATER.format(target=alias.asname or alias.name, name=alias.name).encode()
        lines[node.lineno - 1] = line[:start] + later + line[end:]
        names.append(alias.name)
    return b"".join(lines), tuple(sorted(set(names)))
