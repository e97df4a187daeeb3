"""What the collected modules belong to: distributions with their metadata and data files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from basilisk.build.datafiles import data_files, may_read_data
from basilisk.build.distributions import Distribution, Installed
from basilisk.build.modules import Module, Package

__all__ = ["belongings"]

_METADATA = re.compile(rb"\bimportlib(?:\.|_)metadata\b|\bimport metadata\b|\bpkg_resources\b")
_LITERAL = re.compile(rb"""["']([A-Za-z0-9][A-Za-z0-9._-]*)["']""")


def belongings(
    modules: Mapping[str, Module], installed: Installed, included: Collection[str]
) -> tuple[tuple[Package, ...], dict[str, bytes]]:
    """The packages that ``modules`` are parts of, and the files to pack besides sources, by path.

    ``included`` names packages whose data is wanted in any case.
    """
    groups: dict[str, list[Module]] = {}
    owners: dict[str, Distribution] = {}
    for name in sorted(modules):
        module = modules[name]
        key = ""
        if not module.user and module.path is not None:
            owner = installed.owner(module.file)
            key = owner.key if owner is not None else name.partition(".")[0]
            if owner is not None:
                owners[key] = owner
        groups.setdefault(key, []).append(module)
    for named in _asked_for(modules, installed):
        owners.setdefault(named.key, named)
    program_reads = any(may_read_data(module.source) for module in groups.get("", ()))
    packages = []
    data: dict[str, bytes] = {}
    for key in sorted({*groups, *owners}):
        members = groups.get(key, [])
        wanted = program_reads or any(may_read_data(module.source) for module in members)
        files: dict[str, bytes] = {}
        unread = 0
        for module in members:
            for folder in module.folders if module.path is not None else ():
                base = module.name.replace(".", "/")
                found = list(data_files(folder))
                if wanted or any(
                    module.name == name or module.name.startswith(f"{name}.") for name in included
                ):
                    files.update((f"{base}/{name}", path.read_bytes()) for name, path in found)
                else:
                    unread += len(found)
        owner = owners.get(key)
        if owner is not None:
            files.update(owner.packed())
        data.update(files)
        packages.append(
            Package(
                owner.name if owner is not None else key,
                owner.version if owner is not None else "",
                {module.name: len(module.source) for module in members if module.refused is None},
                {name: len(content) for name, content in sorted(files.items())},
                tuple(module.file for module in members if module.refused is not None),
                unread,
                tuple(sorted({name for module in members for name in module.deferred})),
            )
        )
    return tuple(packages), dict(sorted(data.items()))


def _asked_for(modules: Mapping[str, Module], installed: Installed) -> list[Distribution]:
    """Distributions whose name a module that reads metadata writes as a text."""
    found = []
    for module in modules.values():
        if _METADATA.search(module.source):
            for match in _LITERAL.finditer(module.source):
                named = installed.named(match.group(1).decode("ascii"))
                if named is not None and named not in found:
                    found.append(named)
    return found
