"""The build: check and collect, pre-initialise, snapshot, link, validate, compress, write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from basilisk.build.check import hints
from basilisk.build.collect import collect
from basilisk.build.environment import environment_folders
from basilisk.build.modules import Collection
from basilisk.build.output import write_outputs
from basilisk.build.problems import explain
from basilisk.build.project import Project
from basilisk.build.report import report_of
from basilisk.build.stamp import Stamp, input_digest
from basilisk.build.timings import Timings
from basilisk.errors import ArtefactError, ModuleRefused
from basilisk.runtime import Runtime, load
from basilisk.runtime.cache import read_cached
from basilisk.runtime.removable import Removable

if TYPE_CHECKING:
    from basilisk.build.leftout import LeftOut
    from basilisk.build.preinit import Prepared
    from basilisk.toolbox.report import Report
    from basilisk.wasm.shell import Split

__all__ = ["Built", "build", "make"]

_INSTEAD = "basilisk_left_out"
"""The runtime's function that stands in the place of those left out: a trap that says so."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Built:
    """The results of a build.

    ``methods`` are rows with ``name`` and ``mode``; ``log`` is what the program printed while it was
    imported; ``fresh`` is False when everything was up to date already.
    """

    project: Project
    wasm: Path
    gzip: Path
    did: Path
    facts: Mapping[str, Any]
    timings: Timings = field(repr=False)
    fresh: bool = True

    @property
    def methods(self) -> list[dict[str, str]]:
        return list(self.facts.get("methods", ()))

    @property
    def warnings(self) -> list[str]:
        return list(self.facts.get("warnings", ()))

    @property
    def report(self) -> dict[str, Any]:
        """What went into the canister and its size, see :func:`basilisk.build.report.report_of`."""
        sizes = {path.name: path.stat().st_size for path in (self.wasm, self.gzip)}
        return {"canister": self.project.name, "sizes": sizes, **self.facts.get("report", {})}

    @property
    def log(self) -> list[str]:
        return list(self.facts.get("log", ()))


def build(
    project: Project,
    *,
    output: Path | None = None,
    force: bool = False,
    runtime: Runtime | None = None,
    timings: Timings | None = None,
    wasm_copy: Path | None = None,
    python: Path | None = None,
) -> Built:
    """Build the canister of ``project`` into ``output`` (default: ``project.output``).

    ``python`` is the interpreter or virtual environment whose packages are used (default: the active one).
    ``wasm_copy`` is a further place for the uncompressed module.  When the results of the same input are
    there already, nothing is done unless ``force``.
    Raises :class:`basilisk.errors.BasiliskError`; nothing is written then.
    """
    timings = timings or Timings()
    folder = (output or project.output).absolute()
    with timings.stage("open the runtime"):
        runtime = runtime or load()
        stdlib = runtime.stdlib
    with timings.stage("check and collect"):
        collection = collect(project, stdlib, environment_folders(project.root, python))
        inputs = input_digest(project.name, runtime, collection)
    paths = {suffix: folder / f"{project.name}{suffix}" for suffix in (".wasm", ".wasm.gz", ".did")}
    stamp_path = folder / f"{project.name}.stamp.json"
    stamp = Stamp.read(stamp_path)
    fresh = force or stamp is None or not stamp.matches(inputs, folder)
    if fresh or stamp is None:
        contents, facts = make(collection, runtime, timings)
        outputs = {paths[suffix]: data for suffix, data in contents.items()}
        digests = {path.name: hashlib.sha256(data).hexdigest() for path, data in outputs.items()}
        stamp = Stamp(inputs, digests, facts)
        with timings.stage("write"):
            write_outputs({**outputs, stamp_path: stamp.to_bytes()})
    _write_copies(paths, {".did": project.did, ".wasm": wasm_copy})
    return Built(project, paths[".wasm"], paths[".wasm.gz"], paths[".did"], stamp.facts, timings, fresh=fresh)


def make(
    collection: Collection, runtime: Runtime, timings: Timings
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The canister of a collected program: contents by suffix, and what to report of it.

    Pure apart from caches: the result depends on the arguments alone.
    """
    with timings.stage("start wasmtime"):
        from basilisk.build.preinit import base_image, prepare
        from basilisk.engine import default_engine
        from basilisk.toolbox import use
        from basilisk.wasm.shell import split

        use(runtime.toolbox)
        engine = default_engine()
        parts = _whole(runtime, lambda: split(runtime.module))
    with timings.stage("machine code (compiled once)"):
        _whole(runtime, lambda: engine.compile(parts.shell))
    with timings.stage("base image"):
        base = base_image(engine, runtime, parts.shell, parts.image)
    with timings.stage("import the program"):
        trimming = None
        if collection.profile == "used":
            from basilisk.build.profile import trim

            trimming = partial(trim, collection, runtime)
        prepared = prepare(engine, parts.shell, parts.image, base, collection, explain, trimming)
    answer = prepared.answer
    did = str(answer["did"])
    with timings.stage("link"):
        from basilisk.wasm.link import link

        left_out = _left_out(prepared, parts, runtime)
        wasm = link(
            runtime.module,
            left_out.memory,
            prepared.globals,
            _exports(answer),
            _sections(answer),
            blank=left_out.functions,
            instead=_INSTEAD,
        )
    with ThreadPoolExecutor(1) as pool, timings.stage("validate and compress"):
        from basilisk.toolbox import gzip, validate

        validation = pool.submit(validate, wasm)
        compressed = gzip(wasm)
        report = validation.result()
        _accept(report, runtime)
    methods = [{"name": item["name"], "mode": item["mode"]} for item in answer["methods"]]
    facts = {
        "methods": methods,
        "entries": list(answer.get("entries", ())),
        "warnings": [*_warnings(answer, collection, methods), *map(str, report.warnings)],
        "log": list(prepared.log),
        "modules": sorted(collection.modules),
        "instructions": prepared.instructions,
        "memory": len(prepared.memory),
        "report": report_of(collection, runtime, frozenset(answer["loaded"])),
    }
    return {".wasm": wasm, ".wasm.gz": compressed, ".did": did.encode()}, facts


def _whole(runtime: Runtime, action: Callable[[], _Result]) -> _Result:
    """The result of ``action`` on the runtime's module; a failure means that the module is damaged."""
    from wasmtime import WasmtimeError

    from basilisk.wasm.errors import MalformedModule

    try:
        return action()
    except (WasmtimeError, MalformedModule, ValueError) as error:
        raise ArtefactError(
            f"the runtime artefact {runtime.path} is damaged: {str(error).splitlines()[0]}",
            remedy="make or install the runtime again, or point BASILISK_RUNTIME at a whole one",
        ) from error


def _left_out(prepared: Prepared, parts: Split, runtime: Runtime) -> LeftOut:
    """What the link step writes: the whole runtime, or without what only withdrawn modules need."""
    from basilisk.build.leftout import LeftOut, leave_out

    if not prepared.withdrawn:
        return LeftOut(prepared.memory)
    removable = Removable.parse(runtime.removable)
    return leave_out(removable, prepared.withdrawn, parts.image.memory(), prepared.memory)


def _exports(answer: Mapping[str, Any]) -> dict[str, str]:
    """Names the Internet Computer calls, mapped to the runtime's trampolines.

    Source: interface specification, "Entry points".
    """
    table = {
        f"canister_{item['mode']} {item['name']}": f"basilisk_method_{item['slot']}"
        for item in [*answer["methods"], *answer.get("internal", ())]
    }
    for entry in answer.get("entries", ()):
        table[f"canister_{entry}"] = f"basilisk_entry_{entry}"
    return table


def _sections(answer: Mapping[str, Any]) -> dict[str, bytes]:
    """Public metadata of the canister."""
    return {
        "icp:public candid:args": str(answer.get("init_args", "()")).encode(),
        "icp:public candid:service": str(answer["did"]).encode(),
        "icp:public cdk:name": b"basilisk",
    }


def _accept(report: Report, runtime: Runtime) -> None:
    """Raise :class:`ModuleRefused` when the Internet Computer would not accept the canister."""
    if report.ok:
        return
    first, *others = [str(item) for item in report.violations]
    raise ModuleRefused(
        f"the Internet Computer would refuse this canister: {first}",
        cause=f"the runtime {runtime.path} breaks a rule, or the program is too large",
        remedy="import less at the top level of modules, or report it if the program is small",
        details="\n".join(f"  {item}" for item in others) or None,
    )


def _warnings(answer: Mapping[str, Any], collection: Collection, methods: list[dict[str, str]]) -> list[str]:
    names = frozenset(item["name"] for item in methods) | frozenset(answer.get("entries", ()))
    found = [str(item) for item in answer.get("warnings", ())]
    for module in collection.modules.values():
        if module.user:
            found += hints(module.facts, str(collection.location(module)), names)
    return found


def _write_copies(paths: Mapping[str, Path], copies: Mapping[str, Path | None]) -> None:
    """Write results to the further places that build commands and other tools ask for."""
    changed = {}
    for suffix, target in copies.items():
        if target is not None and target.absolute() != paths[suffix]:
            content = paths[suffix].read_bytes()
            if read_cached(target) != content:
                changed[target.absolute()] = content
    if changed:
        write_outputs(changed)
