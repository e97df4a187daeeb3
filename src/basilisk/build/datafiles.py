"""Data files of packages: what lies in a package's folder and is not code.

They are packed when something could read them: when a module of the same distribution, or the program itself,
mentions one of the means to do so.  Nothing else would show whether a file is needed, and some packages bring
tens of megabytes for their own build and tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["data_files", "may_read_data"]

_READS = re.compile(
    rb"\b(?:resources|importlib_resources|pkg_resources|get_data|get_resource_\w+|__file__|PackageLoader)\b"
)
_CODE = frozenset(
    ".py .pyc .pyo .pyi .pyx .pxd .pxi .so .pyd .dylib .dll .a .lib .o .c .cc .cpp .cxx .h .hpp .rs".split()
)
_NOT_DATA = frozenset({"py.typed", ".DS_Store", ".gitignore"})
_SKIPPED = frozenset({"__pycache__", "node_modules"})


def may_read_data(source: bytes) -> bool:
    """True when a module could read files of a package."""
    return _READS.search(source) is not None


def data_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files of the package in ``folder`` without those of its subpackages: relative name and path."""
    for directory, names, files in os.walk(folder):
        here = Path(directory)
        names[:] = sorted(
            name for name in names if name not in _SKIPPED and not (here / name / "__init__.py").is_file()
        )
        for name in sorted(files):
            path = here / name
            if path.suffix.lower() not in _CODE and name not in _NOT_DATA:
                yield path.relative_to(folder).as_posix(), path
