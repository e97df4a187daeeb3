"""What went into a canister and how large it is, as data for ``basilisk build --report``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from basilisk.build.modules import Collection, Package
from basilisk.runtime import Runtime
from basilisk.runtime.library import Library

__all__ = ["report_of"]


def report_of(collection: Collection, runtime: Runtime, loaded: frozenset[str]) -> dict[str, Any]:
    """The report; all sizes are bytes before compression.

    ``packages`` has the program (with an empty name) and each distribution: ``name``, ``version``,
    ``modules`` and ``data`` with their sizes, ``native`` files that stay out, ``unread`` data files that
    nothing could read, ``deferred`` modules of the library that fail where the package uses them, ``size`` in
    all.  ``stdlib`` has the ``profile``, the library's modules ``in_memory`` and those to be loaded
    ``on_import``, both with the sizes of their code, and how many are ``left_out``.
    """
    sizes = Library(runtime.stdlib_blob).sizes
    in_memory = {name: size for name, size in sizes.items() if name in loaded}
    on_import = {name: size for name, size in sizes.items() if name not in loaded}
    if collection.profile == "used":
        from basilisk.build.profile import shipped

        reached = shipped(collection, runtime, loaded)
        on_import = {name: size for name, size in on_import.items() if name in reached}
    return {
        "packages": [_row(item) for item in collection.packages],
        "stdlib": {
            "profile": collection.profile,
            "in_memory": in_memory,
            "on_import": on_import,
            "left_out": len(sizes) - len(in_memory) - len(on_import),
        },
    }


def _row(package: Package) -> dict[str, Any]:
    row: dict[str, Any] = asdict(package)
    return {**row, "native": list(package.native), "deferred": list(package.deferred), "size": package.size}
