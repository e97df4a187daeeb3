"""First step of a build inside the runtime: import the user's program, then have it read and registered.

What reads the program (annotations, interface, plans) is imported only afterwards and dropped again, so that
a canister carries nothing that it needs at build time alone.
"""

from __future__ import annotations

import sys

import basilisk
from basilisk import ic
from basilisk._guest import driver, kybra
from basilisk._guest.sources import source_of_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["build"]

# Modules of the standard library that draw from os.urandom.
_RANDOM = frozenset({"random", "secrets", "uuid"})


def build(request: dict[str, Any]) -> dict[str, Any]:
    """Imports the module ``request["entry"]`` and registers its methods.

    Answers with ``ok``, the methods and entry points to export, the interface as text, the modules that
    were imported with the program, those that are in memory now, and warnings; or with ``ok`` false and the
    report on the first error.
    """
    system: Any = __import__("_basilisk_ic")
    kybra.install()
    driver.install(system)
    before = set(sys.modules)
    system.set_phase("program")
    try:
        __import__(request["entry"])
    except BaseException as error:
        from basilisk._guest.report import report

        return {"ok": False, "error": report(error, system.refusals())}
    imported = set(sys.modules) - before
    _import_candid_text(imported)
    kept = {*sys.modules, "basilisk.randomness"}
    from basilisk._guest.program import register

    answer = register(system, request["entry"])
    answer["modules"] = sorted(imported)
    if answer["ok"] and _draws_random_numbers(imported):
        __import__("basilisk.randomness")
        system.want_entropy()
        answer["entries"] = list(dict.fromkeys([*answer["entries"], "init", "post_upgrade"]))
    _forget_modules_but(kept)
    _forget_sources()
    answer["loaded"] = sorted(sys.modules)
    return answer


def _forget_sources() -> None:
    """Drops the sources of Basilisk's optional packages; modules not imported yet are kept as packed code."""
    before = "zlib" in sys.modules
    bundle: Any = getattr(basilisk.__loader__, "modules", {})
    for name, entry in bundle.items():
        if getattr(entry, "own", False) and entry.source is not None:
            if name in sys.modules:
                entry.source = None
            else:
                entry.pack()
    if not before:
        sys.modules.pop("zlib", None)


def _draws_random_numbers(imported: set[str]) -> bool:
    """Whether the canister asks the network for entropy once it is installed."""
    return not _RANDOM.isdisjoint(imported) or any("urandom" in source for source in _sources(imported))


def _import_candid_text(imported: set[str]) -> None:
    """Imports what ``ic.candid_encode`` and ``ic.candid_decode`` need, in programs that mention them.

    At run time that import would cost some 270 million instructions, and in a query at each call.
    """
    if any("candid_encode" in source or "candid_decode" in source for source in _sources(imported)):
        ic.candid_decode(ic.candid_encode("()"))


def _sources(imported: set[str]) -> Iterator[str]:
    """The texts of the modules that came with the program."""
    for name in sorted(imported):
        source = source_of_namespace(getattr(sys.modules.get(name), "__dict__", {}))
        if source is not None:
            yield source


def _forget_modules_but(kept: set[str]) -> None:
    """Drops the modules that were imported since ``kept`` was taken; nothing that stays refers to them."""
    for name in [name for name in sys.modules if name not in kept]:
        module = sys.modules.pop(name)
        parent, _, tail = name.rpartition(".")
        namespace = getattr(sys.modules.get(parent), "__dict__", {})
        if namespace.get(tail) is module:
            del namespace[tail]
