"""The profile ``--stdlib=used``: which modules a canister keeps, and what an import of the others says."""

from __future__ import annotations

import re

from basilisk.build.guestfiles import guest_modules
from basilisk.build.modules import Collection
from basilisk.build.preinit import Trimmed
from basilisk.build.reach import ImportGraph, modules_named, words
from basilisk.runtime import Runtime
from basilisk.runtime.library import Library
from basilisk.runtime.removable import Removable

__all__ = ["shipped", "trim"]

_IMPORT = re.compile(rb"^\s*(?:from|import) ([A-Za-z_][\w.]*)", re.MULTILINE)

_KEPT_WITH = frozenset(
    {
        "Canister",
        "Service",
        "candid_decode",
        "candid_encode",
        "seed_random",
        "service_query",
        "service_update",
        "stable_storage",
    }
)
"""Names of the public API whose functions import further modules of Basilisk while they run."""

_HASHES = "self_authenticating"
"""The method of Principal that imports hashlib while it runs."""

_NAMES_CHARACTERS = re.compile(rb"unicode.escape|namereplace|\\N\{", re.IGNORECASE)
"""Texts of a program in which C code could ask ``unicodedata`` for characters by their names."""

_HAS_TYPE_PARAMETERS = re.compile(rb"^[ \t]*(?:class|def|async def|type)[ \t]+\w+[ \t]*\[", re.MULTILINE)
"""Statements for which the interpreter itself imports ``typing``."""

_IMPORTS_BY_NAME = frozenset(
    {"LazyLoader", "__import__", "find_spec", "import_module", "reload", "resolve_name", "run_module"}
)
"""Functions that import what a text names; in programs that mention one, each text may be a module's name."""

_ZONES = "tzdata"
"""The package of the library whose files are read through its modules, also once they are in memory."""

_SMALL = ("basilisk._guest.installed", "basilisk._guest.resources", "basilisk._guest.traversable")
"""Modules that the finder imports when a program asks for resources or metadata."""


def shipped(collection: Collection, runtime: Runtime, loaded: frozenset[str]) -> frozenset[str]:
    """Modules of the standard library that the program can import once it runs, or has imported.

    ``loaded`` are the names of the modules in memory.
    """
    graph = ImportGraph.parse(runtime.imports)
    sources = [module.source for module in collection.modules.values()]
    mentioned = set().union(*map(words, sources))
    roots = {*collection.library, *loaded}
    known = graph.modules.keys() | Removable.parse(runtime.removable).modules
    by_name = not _IMPORTS_BY_NAME.isdisjoint(mentioned)
    for source in sources:
        roots.update(modules_named(source, known, single=by_name))
        roots.update(graph.codecs_named(source))
        if _NAMES_CHARACTERS.search(source):
            roots.add("unicodedata")
        if _HAS_TYPE_PARAMETERS.search(source):
            roots.add("typing")
    if _HASHES in mentioned or "basilisk.canisters.management" in loaded:
        roots.add("hashlib")
    if _needs_own(collection, mentioned):
        for row in guest_modules().values():
            own = row["source"]
            assert isinstance(own, bytes)
            roots.update(match.decode("ascii") for match in _IMPORT.findall(own))
    if "find_distributions" in mentioned or mentioned & {"metadata", "importlib_metadata"}:
        roots.add("importlib.metadata")
    if mentioned & {"resources", "importlib_resources"}:
        roots |= {"importlib.resources", "importlib.resources.abc"}
    if mentioned & {"resources", "importlib_resources", "get_data"}:
        roots.add("_basilisk_resources")
    return frozenset(graph.reach(roots, mentioned))


def trim(collection: Collection, runtime: Runtime, loaded: frozenset[str]) -> Trimmed:
    """The library of the profile: of what is shipped, the code that is not in memory already."""
    library = Library(runtime.stdlib_blob)
    reached = shipped(collection, runtime, loaded)
    texts = {}
    withdrawn = Removable.parse(runtime.removable).modules - reached - loaded
    for name in library.sizes.keys() | (withdrawn - library.refused):
        if name.partition(".")[0] == _ZONES and name in loaded:
            continue
        if name in loaded and name not in library.frozen:
            texts[name] = (
                f"module '{name}' is in the canister's memory, but --stdlib=used left out the code that "
                "would import it again"
            )
        elif name not in reached and name not in library.frozen:
            texts[name] = (
                f"module '{name}' was left out by --stdlib=used, because no import statement of the program "
                "leads to it; name it under include in [tool.basilisk], or build with --stdlib=full"
            )
    mentioned = set().union(*(words(module.source) for module in collection.modules.values()))
    refused = {}
    if not _needs_own(collection, mentioned):
        kept = {*loaded, *_SMALL}
        refused = {
            name: f"module '{name}' was left out by --stdlib=used: the program does not mention what uses it"
            for name in guest_modules()
            if name not in kept
        }
    return Trimmed(
        library.select(library.sizes.keys() - texts.keys(), texts),
        len(runtime.stdlib_blob),
        refused,
        withdrawn,
    )


def _needs_own(collection: Collection, mentioned: set[str]) -> bool:
    """Whether code of Basilisk's that is not in memory could be imported by the program."""
    named = any(
        fact.module.partition(".")[0] == "basilisk" and fact.module.count(".")
        for module in collection.modules.values()
        for fact in module.facts.imports
    )
    return (
        named or not _KEPT_WITH.isdisjoint(mentioned) or any(name.startswith("Stable") for name in mentioned)
    )
