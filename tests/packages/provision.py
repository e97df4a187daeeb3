"""The packages under test, installed by hash into the user's cache, and sources that carry their tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.oracles.crates import REPOSITORY, cache_root, digest, locked, staged

__all__ = ["REPOSITORY", "environment", "site", "source"]

_REQUIREMENTS = REPOSITORY / "requirements" / "packages.txt"
_SOURCES = REPOSITORY / "requirements" / "packages-sources.txt"
_SITE = Path("lib", "python3.13", "site-packages")


def environment() -> Path:
    """A folder laid out as a virtual environment of Python 3.13, with the packages for this platform."""
    final = cache_root() / "packages" / digest("environment", _REQUIREMENTS.read_bytes(), sys.platform)
    with locked("packages"):
        if not final.is_dir():
            with staged(final) as folder:
                # The wheels are those for 3.13, a canister's Python, whatever this one is.
                options = ["--only-binary", ":all:", "--python-version", "3.13", "--ignore-requires-python"]
                _pip("install", *options, "--target", str(folder / _SITE), "-r", str(_REQUIREMENTS))
    return final


def site() -> Path:
    """The folder with the packages."""
    return environment() / _SITE


def source(name: str) -> Path:
    """The unpacked source archive of a project."""
    final = cache_root() / "packages" / digest("sources", _SOURCES.read_bytes(), _REQUIREMENTS.read_bytes())
    tools = site()
    with locked("packages"):
        if not final.is_dir():
            with staged(final) as folder:
                # pip asks each archive for its name, which runs its build back end: that of packages.txt.
                options = ["--no-binary", ":all:", "--no-build-isolation", "--dest", str(folder)]
                _pip("download", *options, "-r", str(_SOURCES), path=tools)
                for archive in sorted(folder.glob("*.tar.gz")):
                    with tarfile.open(archive) as content:
                        content.extractall(folder, filter="data")
                    archive.unlink()
    spelled = name.replace("-", "_")
    return next(
        path for path in sorted(final.iterdir()) if path.name.replace("-", "_").startswith(f"{spelled}_")
    )


def _pip(command: str, *options: str, path: Path | None = None) -> None:
    arguments = [sys.executable, "-m", "pip", command, "--quiet", "--no-deps", "--require-hashes", *options]
    variables = {**os.environ, **({"PYTHONPATH": str(path)} if path is not None else {})}
    answer = subprocess.run(arguments, env=variables, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(f"pip {command} failed:\n{answer.stdout}{answer.stderr}")
