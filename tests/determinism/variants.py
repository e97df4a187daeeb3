"""Runtimes that lack one patch or one setting, to see what it is good for.

A variant is built from a copy of the sources with the ordinary command; the cache keeps it under the hash
of those sources, so a second look costs nothing.  A patch of CPython costs three minutes, a setting of the
bridge less than one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

__all__ = ["ROOT", "BuildFailed", "Change", "build_runtime", "edit", "patches", "without_patch"]

ROOT = Path(__file__).resolve().parents[2]

#: Changes a copy of the sources.
Change = Callable[[Path], None]

_SOURCES = ("cpython", "patches", "bridge_crate", "stdlib_bundler", "toolbox_crate", "tools", "src")
_LEFT_OUT = shutil.ignore_patterns("target", "__pycache__", ".*_cache")


class BuildFailed(Exception):
    """A variant cannot be built; ``text`` is the end of what the build said."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def patches() -> list[str]:
    """Names of our own patches, ``cpython/0101-…``, in order."""
    return sorted(
        path.relative_to(ROOT / "patches").as_posix() for path in (ROOT / "patches").glob("*/*.patch")
    )


def without_patch(name: str) -> Change:
    """Leave out a patch."""

    def change(sources: Path) -> None:
        (sources / "patches" / name).unlink()

    return change


def edit(file: str, replacements: Mapping[str, str]) -> Change:
    """Replace texts that must occur once in ``file``."""

    def change(sources: Path) -> None:
        path = sources / file
        text = path.read_text("utf-8")
        for old, new in replacements.items():
            if text.count(old) != 1:
                raise ValueError(f"{file} has {old!r} {text.count(old)} times, not once")
            text = text.replace(old, new)
        path.write_text(text, "utf-8")

    return change


def build_runtime(change: Change, say: Callable[[str], None], environment: Mapping[str, str]) -> Path:
    """The runtime artefact of sources to which ``change`` was applied.  Raises BuildFailed."""
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder, "sources")
        for name in _SOURCES:
            shutil.copytree(ROOT / name, sources / name, ignore=_LEFT_OUT, copy_function=shutil.copy)
        change(sources)
        lines = []
        with subprocess.Popen(
            [sys.executable, "tools/runtime.py"],
            cwd=sources,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                say(line.rstrip())
        if process.returncode != 0:
            raise BuildFailed("".join(lines)[-2000:])
    (found,) = (line.split(": ", 1)[1].strip() for line in lines if line.startswith("runtime: "))
    return Path(found)
