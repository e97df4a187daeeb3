"""First step of a build inside the runtime: import the user's program, then have it read and registered.

What reads the program (annotations, interface, plans) is imported only afterwards and dropped again, so that
a canister carries nothing that it needs at build time alone.
"""

from __future__ import annotations

import sys

from basilisk import ic
from basilisk._guest import kybra
from basilisk._guest.sources import source_of_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["build"]


def build(request: dict[str, Any]) -> dict[str, Any]:
    """Imports the module ``request["entry"]`` and registers its methods.

    Answers with ``ok``, the methods and entry points to export, the interface as text, the modules that
    were imported and warnings; or with ``ok`` false and the report on the first error.
    """
    system: Any = __import__("_basilisk_ic")
    kybra.install()
    before = set(sys.modules)
    system.set_phase("program")
    try:
        __import__(request["entry"])
    except BaseException as error:
        from basilisk._guest.report import report

        return {"ok": False, "error": report(error, system.refusals())}
    imported = set(sys.modules) - before
    _import_candid_text(imported)
    kept = set(sys.modules)
    from basilisk._guest.program import register

    answer = register(system, request["entry"])
    answer["modules"] = sorted(imported)
    _forget_modules_but(kept)
    return answer


def _import_candid_text(imported: set[str]) -> None:
    """Imports what ``ic.candid_encode`` and ``ic.candid_decode`` need, in programs that mention them.

    At run time that import would cost some 270 million instructions, and in a query at each call.
    """
    for name in sorted(imported):
        source = source_of_namespace(getattr(sys.modules.get(name), "__dict__", {})) or ""
        if "candid_encode" in source or "candid_decode" in source:
            ic.candid_decode(ic.candid_encode("()"))
            return


def _forget_modules_but(kept: set[str]) -> None:
    """Drops the modules that were imported since ``kept`` was taken; nothing that stays refers to them."""
    for name in [name for name in sys.modules if name not in kept]:
        module = sys.modules.pop(name)
        parent, _, tail = name.rpartition(".")
        namespace = getattr(sys.modules.get(parent), "__dict__", {})
        if namespace.get(tail) is module:
            del namespace[tail]
