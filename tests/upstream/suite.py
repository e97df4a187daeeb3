"""CPython's test modules: where their sources come from, which are run, and running one in a canister."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from basilisk.candid.types import Interface
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister
from cpython.cache import cache_root
from cpython.pins import load_pins
from cpython.progress import Progress
from cpython.sources import fetch
from cpython.toolchain import provide_toolchain

__all__ = ["Outcome", "Report", "listed", "run_module", "test_sources"]

CALLER = Principal.anonymous()
_PIECE = 1_000_000  # bytes of source in one message
_AT_ONCE = 8  # tests in one message; when it traps, they are run one by one
_MOST_IMPORTS = 60
_SENT = ("test/", "_pydatetime.py", "_pydecimal.py", "_pyio.py")


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

    def count(self, *kinds: str) -> int:
        """How many tests ended in one of ``kinds``."""
        return sum(outcome.outcome in kinds for outcome in self.outcomes)


@lru_cache(maxsize=1)
def test_sources() -> dict[str, bytes]:
    """Files of the pinned CPython that may be sent, by their paths relative to ``Lib``."""
    pins = load_pins()
    source = pins.sources["cpython"]
    archive = cache_root() / "sources" / source.sha256 / source.file
    if not archive.is_file():
        progress = Progress(cache_root() / "logs")
        archive = fetch(source, provide_toolchain(pins, progress), progress)
    start = f"{source.folder}/Lib/"
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.startswith(tuple(start + name for name in _SENT)):
                content = tar.extractfile(member)
                assert content is not None
                found[member.name[len(start) :]] = content.read()
    return found


def listed(names: list[str] | None = None, *, quick: bool = False) -> list[str]:
    """Full names of the modules in ``names`` or in modules.txt, packages replaced by their modules."""
    if not names:
        lines = Path(__file__).with_name("modules.txt").read_text(encoding="utf-8").splitlines()
        words = [line.split() for line in lines if line and not line.startswith("#")]
        names = [word[0] for word in words if not quick or word[1:] == ["quick"]]
    found = []
    for name in names:
        if name.endswith(".*"):
            start = "test/" + name[:-2].replace(".", "/") + "/"
            files = [
                path for path in test_sources() if path.startswith(start + "test_") and path.endswith(".py")
            ]
            found += sorted(path[:-3].replace("/", ".") for path in files if "/" not in path[len(start) :])
        else:
            found.append("test." + name.removeprefix("test."))
    return found


def _send(canister: LocalCanister, name: str) -> None:
    """Send the module ``name`` of the package ``test``, or say that there is none."""
    sources = test_sources()
    path = name.replace(".", "/")
    package = f"{path}/__init__.py" in sources
    file = f"{path}/__init__.py" if package else f"{path}.py"
    if file not in sources:
        canister.call("lacks", [name], CALLER)
        return
    data = sources[file]
    for start in range(0, max(len(data), 1), _PIECE):
        canister.call("send", [name, package, data[start : start + _PIECE]], CALLER)


def run_module(wasm: bytes, interface: Interface, name: str) -> Report:
    """Run one test module, ``test.test_json`` for example, in a canister of its own."""
    canister = LocalCanister(Replica(), wasm, interface)
    canister.change_code("install", [], CALLER)
    report = Report(name)
    try:
        tests = _load(canister, name, report)
    except CallRejected as rejected:
        report.error = str(rejected)
        return report
    start = 0
    while start < len(tests):
        report.outcomes += _some(canister, tests, start, min(_AT_ONCE, len(tests) - start))
        start += _AT_ONCE
    return report


def _load(canister: LocalCanister, name: str, report: Report) -> list[str]:
    # Some modules are imported by a test when it runs, which is too late to ask for them.
    for first in (
        "test",
        "test.support",
        "test.support.os_helper",
        "test.re_tests",
        name.rpartition(".")[0],
        name,
    ):
        _send(canister, first)
    for _ in range(_MOST_IMPORTS):
        (missing,) = canister.call("prepare", [], CALLER)
        if missing is None:
            break
        _send(canister, str(missing))
    for _ in range(_MOST_IMPORTS):
        (loaded,) = canister.call("load", [name], CALLER)
        assert isinstance(loaded, dict)
        if loaded["missing"] is None:
            report.skipped, report.error = loaded["skipped"], loaded["error"]
            return list(loaded["tests"])
        _send(canister, loaded["missing"])
    report.error = "too many modules are needed"
    return []


def _some(canister: LocalCanister, tests: list[str], start: int, count: int) -> list[Outcome]:
    """Run tests in one message, or in one for each where that ends early."""
    try:
        (rows,) = canister.call("run", [start, count], CALLER)
    except CallRejected as rejected:
        if count == 1:
            return [Outcome(tests[start], "limit", str(rejected)[-1500:])]
        return [row for n in range(start, start + count) for row in _some(canister, tests, n, 1)]
    assert isinstance(rows, list)
    return [Outcome(row["test"], row["outcome"], row["text"]) for row in rows]
