"""CPython's test modules: where their files come from, which are run, and running them in a canister."""

from __future__ import annotations

import hashlib
import marshal
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Interface
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.log import LogRecord
from basilisk.testing.local import LocalCanister
from cpython.cache import cache_root
from cpython.fixes import fix_tests, load_fixes
from cpython.pins import load_pins
from cpython.progress import Progress
from cpython.sources import fetch, fetch_fixes
from cpython.toolchain import provide_toolchain

__all__ = ["Outcome", "Report", "Runner", "excluded", "listed", "library_tests"]

CALLER = Principal.anonymous()
ROOT = Path(__file__).resolve().parents[2]
CANISTER = Path(__file__).parent / "canister"
_PIECE = 4_000_000  # bytes of files in one message; their compressed size must stay below 2 MiB
#: Tests, and sources with which tests compare C modules and frozen ones.
_SENT = (
    "test/",
    *("_collections_abc.py", "_pydatetime.py", "_pydecimal.py", "_pyio.py", "_sitebuiltins.py", "abc.py"),
    *("codecs.py", "genericpath.py", "importlib/_bootstrap.py", "importlib/_bootstrap_external.py"),
    *("importlib/machinery.py", "importlib/util.py", "io.py"),
    *("ntpath.py", "os.py", "posixpath.py", "runpy.py", "site.py", "stat.py", "zipimport.py"),
)
#: Tests of what is not in a canister, and tools; nothing that is run reads them.
_NOT_SENT = (
    "test/certdata/",
    "test/leakers/",
    "test/libregrtest/",
    "test/test_asyncio/",
    "test/test_capi/",
    "test/test_ctypes/",
    "test/test_peg_generator/",
    "test/test_tkinter/",
    "test/test_ttk/",
    "test/wheeldata/",
)


@dataclass(frozen=True)
class Outcome:
    """Of one test: ``passed``, ``skipped``, ``failed`` or ``limit`` (the message was ended)."""

    test: str
    outcome: str
    text: str


@dataclass
class Report:
    """Of one module; ``skipped`` and ``error`` say why there are no outcomes."""

    module: str
    outcomes: list[Outcome] = field(default_factory=list)
    skipped: str | None = None
    error: str | None = None
    instructions: int = 0

    def count(self, *kinds: str) -> int:
        """How many tests ended in one of ``kinds``."""
        return sum(outcome.outcome in kinds for outcome in self.outcomes)


@lru_cache(maxsize=1)
def library_tests() -> dict[str, bytes]:
    """Files of the pinned CPython that are sent, by their paths relative to ``Lib``.

    The security fixes that the runtime has came with changes of tests; those are in them.
    """
    pins = load_pins()
    source = pins.sources["cpython"]
    progress = Progress(cache_root() / "logs")
    archive = cache_root() / "sources" / source.sha256 / source.file
    fixes = load_fixes(ROOT / "patches" / "fixes.json", "cpython")
    folder = cache_root() / "sources" / "fixes"
    texts = {fix.name: (folder / fix.sha256).read_bytes() for fix in fixes if (folder / fix.sha256).is_file()}
    if not archive.is_file() or len(texts) < len(fixes):
        toolchain = provide_toolchain(pins, progress)
        archive = fetch(source, toolchain, progress)
        texts = fetch_fixes(source, fixes, toolchain, progress)
    start = f"{source.folder}/Lib/"
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name[len(start) :]
            if member.isfile() and member.name.startswith(start) and name.startswith(_SENT):
                content = tar.extractfile(member)
                assert content is not None
                found[f"Lib/{name}"] = content.read()
    fix_tests(fixes, texts, found)
    return {path[len("Lib/") :]: data for path, data in found.items()}


def _lines(file: str) -> list[str]:
    lines = Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def excluded() -> dict[str, str]:
    """Test modules that are not run, and why: their subject is not part of a canister."""
    return dict(line.split(": ", 1) for line in _lines("excluded.txt"))


def listed(names: list[str] | None = None, *, quick: bool = False) -> list[str]:
    """Full names of the modules in ``names`` or in modules.txt, packages replaced by their modules."""
    if not names:
        words = [line.split() for line in _lines("modules.txt")]
        names = [word[0] for word in words if not quick or word[1:] != ["slow"]]
    found = []
    left_out = excluded()
    for name in names:
        if not name.endswith(".*"):
            found.append("test." + name.removeprefix("test."))
            continue
        package = name[:-2].removeprefix("test.")
        start = "test/" + package.replace(".", "/") + "/"
        for path in sorted(library_tests()):
            module = path[len("test/") :].removesuffix(".py").replace("/", ".")
            if path.startswith(start) and PurePosixPath(path).match("test*.py") and module not in left_out:
                found.append(f"test.{module}")
    return found


def _packed() -> Iterator[bytes]:
    """The files in pieces that fit into messages."""
    piece: dict[str, bytes] = {}
    size = 0
    for path, data in sorted(library_tests().items()):
        if path.startswith(_NOT_SENT):
            continue
        if size + len(data) > _PIECE:
            yield zlib.compress(marshal.dumps(piece), 6)
            piece, size = {}, 0
        piece[path] = data
        size += len(data)
    yield zlib.compress(marshal.dumps(piece), 6)


class Runner:
    """A canister that has the files of ``Lib/test``; each module starts from that state."""

    def __init__(self, folder: Path) -> None:
        made = build(resolve(str(CANISTER)), output=folder)
        wasm = made.gzip.read_bytes()
        interface: Interface = parse_did(made.did.read_text(encoding="utf-8"))
        #: Changes with the runtime, the library, the bridge and everything else that is in the canister.
        state = hashlib.sha256(wasm)
        for path, data in sorted(library_tests().items()):
            state.update(b"%s %d %s" % (path.encode(), len(data), data))
        self.state = state.hexdigest()[:16]
        self._last = 0
        self._canister = LocalCanister(Replica(on_print=self._printed), wasm, interface)
        self._canister.change_code("install", [], CALLER)
        for piece in _packed():
            self._call("send", piece)
        self._call("prepare")
        self._start = self._canister.replica.checkpoint()

    def _printed(self, _canister: Principal, record: LogRecord) -> None:
        if record.text.startswith("@") and record.text[1:].isdigit():
            self._last = int(record.text[1:])

    def _call(self, method: str, *arguments: object) -> dict[str, object]:
        results = self._canister.call(method, arguments, CALLER)
        if not results:
            return {}
        assert isinstance(results[0], dict)
        return results[0]

    def run(self, name: str) -> Report:
        """Run one test module, ``test.test_json`` for example."""
        self._canister.replica.restore(self._start)
        report = Report(name)
        try:
            loaded = self._call("load", name)
        except CallRejected as rejected:
            report.error = str(rejected)
            return report
        finally:
            report.instructions += self._canister.instructions
        report.skipped, report.error = loaded["skipped"], loaded["error"]  # type: ignore[assignment]
        tests = loaded["tests"]
        assert isinstance(tests, list)
        first, ends = 0, [len(tests)]
        while first < len(tests):
            self._last = first
            try:
                ran = self._call("run", first, ends[-1])
            except CallRejected as rejected:
                if self._last == first:
                    report.outcomes.append(Outcome(tests[first], "limit", str(rejected)[-1500:]))
                    first += 1
                else:
                    # The test that was under way did it: those before it are run again, then it alone.
                    ends += [self._last + 1, self._last]
            else:
                rows = ran["outcomes"]
                assert isinstance(rows, list)
                report.outcomes += [
                    Outcome(tests[row["number"]], row["outcome"], row["text"]) for row in rows
                ]
                first = int(str(ran["next"]))
            finally:
                report.instructions += self._canister.instructions
            while ends and ends[-1] <= first:
                ends.pop()
        return report
