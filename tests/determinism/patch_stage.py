"""Stage ``--patches``: what the runtime does without each patch and each setting."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.determinism.patch_probes import PROBES, Probe
from tests.determinism.variants import ROOT, BuildFailed, Change, build_runtime

__all__ = ["Row", "rows"]

# In a process of its own, because a process has one runtime.  Two replicas with other entropy and another
# time, to see whether an answer is a number that everybody could compute.
_ASK = """
import sys
from pathlib import Path
from basilisk.engine import config
from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.errors import BasiliskError
from basilisk.candid.did_parser import parse_did
from basilisk.principal import Principal
from basilisk.replica import Clock, Replica
from basilisk.testing.local import LocalCanister

folder = Path(sys.argv[1])
config.MAX_WASM_STACK = int(sys.argv[2])
config.CODEGEN.update(dict.fromkeys(sys.argv[3:], False))
try:
    built = build(resolve(str(folder)), output=folder / "out")
except BasiliskError as error:
    raise SystemExit(f"the build ends: {error}")
for seed in (0, 1):
    replica = Replica(seed=seed)
    replica.clock.advance(seed * 1000)
    canister = LocalCanister(replica, built.gzip.read_bytes(), parse_did(built.did.read_text("utf-8")))
    canister.change_code("install", [], Principal.anonymous())
    try:
        print(" ".join(str(canister.call("probe", [], Principal.anonymous())[0]).split()))
    except BasiliskError as error:
        print("the call traps:", " ".join(str(error).split("Canister trapped: ")[-1].split())[:60])
"""


@dataclass(frozen=True)
class Row:
    """One probe: what is seen with the patch and without it."""

    probe: Probe
    with_it: str
    without: str

    @property
    def differs(self) -> bool:
        """Whether the patch can be seen at all."""
        return self.with_it != self.without


def rows(runtime: Path, say: Callable[[str], None], each: bool) -> Iterator[Row]:
    """Build runtimes without our patches and settings and ask both.

    What lies apart is left out together, which spares builds; with ``each``, every one has its own runtime.
    """
    groups: dict[str, list[Probe]] = {}
    for probe in PROBES:
        groups.setdefault(probe.name if each else probe.group, []).append(probe)
    for name, probes in groups.items():
        say(f"without {name}")
        try:
            variant = build_runtime(_together(probes), say, os.environ)
        except BuildFailed as failure:
            text = f"the runtime cannot be built: {failure.text[-120:]}"
            yield from (Row(probe, _ask(runtime, probe), text) for probe in probes)
            continue
        for probe in probes:
            yield Row(probe, _ask(runtime, probe), _ask(variant, probe, probe.code_generation))


def _together(probes: list[Probe]) -> Change:
    def change(sources: Path) -> None:
        for probe in probes:
            if probe.change is not None:
                probe.change(sources)

    return change


def _ask(runtime: Path, probe: Probe, *off: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.py").write_text(probe.program, encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-c", _ASK, folder, str(probe.native_stack), *filter(None, off)],
            env={**os.environ, "BASILISK_RUNTIME": str(runtime), "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if ended.returncode:
            return " ".join(ended.stderr.split()).replace(f"{folder}/", "")
    first, second = ended.stdout.splitlines()
    return first if first == second else f"{first}, elsewhere {second}"
