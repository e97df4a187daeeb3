#!/usr/bin/env python3
"""Builds ``dist/basilisk-VERSION-py3-none-any.whl`` with the runtime artefact inside.

The wheel serves every platform: it holds Python files and WebAssembly.  Same input, same bytes: hatchling
writes the entries sorted and with the time of SOURCE_DATE_EPOCH, which is fixed here.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpython.faults import BuildFault
from tools.runtime import build

ROOT = Path(__file__).resolve().parents[1]
INSIDE = "basilisk/runtime/artefact/runtime.wasm.zst"
EPOCH = "1000000000"


def build_wheel(target: Path, artefact: Path) -> Path:
    """Write the wheel into ``target`` and check that it holds the artefact; returns its path."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        env = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "BASILISK_WHEEL_RUNTIME": str(artefact)}
        answer = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if answer.returncode != 0 or len(wheels) != 1:
            raise BuildFault(
                f"hatchling failed with exit code {answer.returncode}\n{answer.stdout}{answer.stderr}",
                remedy="run it in the project's environment: ./dev wheel",
            )
        built = wheels[0]
        with zipfile.ZipFile(built) as archive:
            if archive.read(INSIDE) != artefact.read_bytes():
                raise BuildFault(f"{built.name} does not hold the artefact it was given")
        target.mkdir(parents=True, exist_ok=True)
        final = target / built.name
        final.write_bytes(built.read_bytes())
    return final


def main() -> int:
    """Build the runtime if need be, then the wheel; returns the exit code."""
    try:
        named = os.environ.get("BASILISK_RUNTIME")
        path = build_wheel(ROOT / "dist", Path(named) if named else build())
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return fault.exit_code
    data = path.read_bytes()
    print(f"wheel:  {path}")
    print(f"size:   {len(data):,} bytes")
    print(f"sha256: {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
