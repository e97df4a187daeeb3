"""``./dev differential``: many random cases of Candid against other implementations."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """The exit code is pytest's."""
    parser = argparse.ArgumentParser(prog="./dev differential", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many, about (default 100,000)")
    chosen, options = parser.parse_known_args()
    environment = {**os.environ, "BASILISK_DIFFERENTIAL_CASES": str(chosen.cases)}
    command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), *options]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
