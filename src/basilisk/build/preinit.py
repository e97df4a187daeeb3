"""Pre-initialisation: run the runtime in wasmtime until the user's program is imported.

The work is split in two.  The *base image* is the memory after the interpreter has started and Basilisk's
own modules are imported; it depends on the runtime and on Basilisk alone and is kept in the user's cache.
A build starts from it, loads the user's modules and imports them.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from basilisk.build.guestfiles import guest_digest, guest_modules, optional_modules
from basilisk.build.mailbox import Mailbox
from basilisk.build.modules import Collection
from basilisk.errors import ArtefactError, ProgramError
from basilisk.runtime import Runtime
from basilisk.runtime.cache import cache_folder, prune, read_cached, store_cached

if TYPE_CHECKING:
    from basilisk.engine import Engine, Instance
    from basilisk.wasm.shell import Image

__all__ = ["BaseImage", "Prepared", "Trimmed", "base_image", "prepare"]

_PAGE = 65_536
_PROGRAM = "basilisk._guest.start:build"
_PREIMPORTED = ("basilisk", "basilisk._guest.start", "basilisk._guest.wrappers", "basilisk._guest.tracebacks")
"""Modules that every canister needs; the last one, so that a trap's traceback costs no import."""

MOST_INSTRUCTIONS = 200_000_000_000
"""Instructions an import of the user's program may take: about a minute, so that an endless loop ends."""

_KEPT = 4
"""Base images kept in the cache; each is about 20 MB and belongs to one runtime and one release."""


@dataclass(frozen=True)
class BaseImage:
    """Memory and globals of a runtime that has everything but the user's program.

    ``library`` is the address of the standard library's blob.
    """

    memory: bytes = field(repr=False)
    globals: dict[int, int]
    library: int

    def to_bytes(self) -> bytes:
        head = {
            "globals": sorted(self.globals.items()),
            "library": self.library,
            "crc": zlib.crc32(self.memory),
        }
        return json.dumps(head).encode() + b"\n" + self.memory

    @classmethod
    def from_bytes(cls, data: bytes) -> BaseImage:
        """Inverse of :meth:`to_bytes`.  Raises ValueError, KeyError or TypeError when ``data`` is damaged."""
        end = data.index(b"\n")
        head = json.loads(data[:end])
        memory = data[end + 1 :]
        if zlib.crc32(memory) != head["crc"] or len(memory) % _PAGE:
            raise ValueError("damaged")
        numbers = {int(number): int(value) for number, value in head["globals"]}
        return cls(memory, numbers, int(head["library"]))


@dataclass(frozen=True)
class Prepared:
    """A program after its import: the state to snapshot and what the program declares."""

    memory: bytes = field(repr=False)
    globals: dict[int, int]
    answer: dict[str, Any]
    log: tuple[str, ...]
    instructions: int
    withdrawn: frozenset[str] = frozenset()  #: built-in modules that cannot be imported any more


@dataclass(frozen=True)
class Trimmed:
    """A smaller standard library.

    ``blob`` takes the place of one of ``length`` bytes; ``refused`` are modules of Basilisk that stay out
    too, with the texts of their ImportErrors; ``withdrawn`` are built-in modules, which the blob refuses.
    """

    blob: bytes = field(repr=False)
    length: int
    refused: dict[str, str]
    withdrawn: frozenset[str]


class _Machine:
    """A runtime's instance as the mailbox sees it."""

    def __init__(self, instance: Instance, step: int) -> None:
        self._instance = instance
        self._step = step
        self.read = instance.memory.read
        self.write = instance.memory.write

    def step(self) -> None:
        self._instance.call(self._step)


class Session:
    """One run of the runtime at build time, started from ``image``; a context manager."""

    def __init__(self, engine: Engine, shell: bytes, image: Image) -> None:
        from basilisk.engine import Instance, refuse_all_but

        self.log: list[str] = []
        self._image = image
        imports = refuse_all_but({"debug_print": self._debug_print, "trap": self._trap})
        self.instance = Instance(engine, engine.compile(shell), imports, image)
        self.instance.instructions_left = MOST_INSTRUCTIONS
        step = image.exports.get("basilisk_step")
        address = image.constants.get("basilisk_mailbox")
        if step is None or address is None:
            raise ArtefactError(
                "the runtime artefact has no build-time interface",
                cause="it is not a runtime of Basilisk, or a canister that was built from one",
                remedy="point BASILISK_RUNTIME at a runtime.wasm.zst, or unset it",
            )
        self.mailbox = Mailbox(_Machine(self.instance, step), address)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.instance.close()

    def initialise(self) -> None:
        """Run the module's start function and the constructors of its libraries."""
        for function in (self._image.start, self._image.exports.get("_initialize")):
            if function is not None:
                self.instance.call(function)

    def state(self) -> tuple[bytes, dict[int, int]]:
        """Memory and globals as they are now."""
        memory = self.instance.memory
        return memory.read(0, memory.size), self.instance.globals()

    def _debug_print(self, address: int, length: int) -> None:
        self.log.append(self._text(address, length))

    def _trap(self, address: int, length: int) -> None:
        raise _Trapped(self._text(address, length))

    def _text(self, address: int, length: int) -> str:
        return self.instance.memory.read(address, length).decode("utf-8", "replace")


class _Trapped(Exception):
    """The guest called ``ic0.trap``."""


def base_image(engine: Engine, runtime: Runtime, shell: bytes, image: Image) -> BaseImage:
    """The base image of ``runtime``, from the cache when it is there and whole."""
    path = _cache_path(runtime)
    stored = read_cached(path)
    if stored is not None:
        try:
            return BaseImage.from_bytes(stored)
        except (ValueError, KeyError, TypeError):
            pass  # damaged: made again below
    made = _make_base(engine, runtime, shell, image)
    if store_cached(path, made.to_bytes()):
        prune(path.parent, _KEPT)
    return made


def prepare(
    engine: Engine,
    shell: bytes,
    image: Image,
    base: BaseImage,
    collection: Collection,
    explain: Callable[[dict[str, Any], Collection], ProgramError],
    trim: Callable[[frozenset[str]], Trimmed] | None = None,
) -> Prepared:
    """Load and import the program on top of ``base``; ``explain`` turns the guest's error into ours.

    ``trim`` makes a smaller library, given the names of the modules that are imported.

    Raises :class:`ProgramError` when the program cannot become a canister.
    """
    started = replace(
        image,
        memory_pages=len(base.memory) // _PAGE,
        segments=((0, base.memory),),
        globals=base.globals,
        start=None,
    )
    with Session(engine, shell, started) as session:
        answer = _guarded(session, collection)
        if not answer.get("ok"):
            error = answer.get("error")
            raise explain(error if isinstance(error, dict) else {"message": str(answer)}, collection)
        if trim is not None:
            trimmed = trim(frozenset(answer["loaded"]))
            left_out: dict[str, object] = {name: {"refused": text} for name, text in trimmed.refused.items()}
            _check(session.mailbox.request({"op": "load", "modules": left_out, "data": {}}))
            session.mailbox.change_library(base.library, trimmed.length, trimmed.blob)
            session.mailbox.withdraw(trimmed.withdrawn)
        session.mailbox.seal()
        used = MOST_INSTRUCTIONS - session.instance.instructions_left
        memory, globals_ = session.state()
    withdrawn = trimmed.withdrawn if trim is not None else frozenset()
    return Prepared(memory, globals_, answer, tuple(session.log), used, withdrawn)


def _guarded(session: Session, collection: Collection) -> dict[str, Any]:
    """Import the program; what ends the whole interpreter becomes an error of the program."""
    from basilisk.engine import HostRefusal, TrapKind, WasmTrap

    mailbox = session.mailbox
    modules = {**optional_modules(collection.own), **collection.request()}
    _check(mailbox.request({"op": "load", "modules": modules, "data": collection.data}))
    try:
        return mailbox.request({"op": "call", "target": _PROGRAM, "request": {"entry": collection.entry}})
    except WasmTrap as trap:
        what, cause = "the interpreter stopped while the program was imported", str(trap)
        if trap.kind is TrapKind.OUT_OF_INSTRUCTIONS:
            what = f"importing the program took more than {MOST_INSTRUCTIONS:,} instructions"
            cause = "there may be an endless loop at the top level of a module"
        remedy = "keep heavy work out of the top level of modules; do it in @init or in a method"
    except _Trapped as trapped:
        what, cause = "the program trapped while it was imported", str(trapped)
        remedy = "call ic.trap in methods only"
    except HostRefusal as refusal:
        what, cause = "the program called the Internet Computer while it was imported", str(refusal)
        remedy = "do that in @init or in a method"
    entry = collection.modules[collection.entry]
    details = "\n".join(session.log[-20:]) or None
    raise ProgramError(what, where=collection.location(entry), cause=cause, remedy=remedy, details=details)


def _make_base(engine: Engine, runtime: Runtime, shell: bytes, image: Image) -> BaseImage:
    from basilisk.engine import WasmTrap

    with Session(engine, shell, image) as session:
        try:
            session.initialise()
            library = session.mailbox.start(runtime.stdlib_blob)
            _check(session.mailbox.request({"op": "load", "modules": guest_modules(), "data": {}}))
            _check(session.mailbox.request({"op": "import", "names": list(_PREIMPORTED)}))
            _check(session.mailbox.request({"op": "settle"}))
        except (WasmTrap, _Trapped, IndexError) as error:
            raise ArtefactError(
                f"the runtime artefact {runtime.path} is damaged: it stopped while it was started ({error})",
                remedy="make or install the runtime again, or point BASILISK_RUNTIME at a whole one",
                details="\n".join(session.log[-20:]) or None,
            ) from error
        return BaseImage(*session.state(), library)


def _check(answer: dict[str, Any]) -> None:
    if not answer.get("ok"):
        error = answer.get("error") or {}
        raise ArtefactError(
            f"the runtime could not be prepared: {error.get('message', answer)}",
            cause="the runtime artefact and this release of basilisk do not fit together",
            remedy="make or install the runtime again; `basilisk doctor` says where it was found",
            details=error.get("traceback"),
        )


def _cache_path(runtime: Runtime) -> Path:
    parts = [runtime.digest.encode(), guest_digest(), ",".join(_PREIMPORTED).encode()]
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    return cache_folder() / "base" / f"{key}.image"
