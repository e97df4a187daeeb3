#!/usr/bin/env python3
"""Writes requirements/run.txt, dev.txt and packages.txt: exact versions with hashes.

Good for every host Python.  Needs ``uv`` on the PATH.  No address of a package index is written: pip takes
it from the user's configuration.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = "3.10"
OPTIONS = [
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
    "--quiet",
]


def main() -> int:
    """Run uv for each file; returns the exit code."""
    if shutil.which("uv") is None:
        print("error: uv is not on the PATH\n  what to do: install it (pip install uv)", file=sys.stderr)
        return 5
    for name, extra in (("run", []), ("dev", ["--group", "dev"])):
        output = ROOT / "requirements" / f"{name}.txt"
        command = ["uv", "pip", "compile", *OPTIONS, "--python-version", OLDEST_PYTHON, *extra, "--upgrade"]
        answer = subprocess.run([*command, "pyproject.toml", "-o", str(output)], cwd=ROOT, check=False)
        if answer.returncode != 0:
            return answer.returncode
        print(f"{output.relative_to(ROOT)} written")
    return _packages()


def _packages() -> int:
    """The packages that tests run in canisters: one version each, that the oldest Python runs as well."""
    output = ROOT / "requirements" / "packages.txt"
    options = [item for item in OPTIONS if item != "--universal"]
    command = ["uv", "pip", "compile", *options, "--python-version", OLDEST_PYTHON, "--only-binary", ":all:"]
    source = str(output.with_suffix(".in"))
    answer = subprocess.run([*command, "--upgrade", source, "-o", str(output)], cwd=ROOT, check=False)
    if answer.returncode == 0:
        print(f"{output.relative_to(ROOT)} written; packages-sources.txt has the same versions by hand")
    return answer.returncode


if __name__ == "__main__":
    sys.exit(main())
