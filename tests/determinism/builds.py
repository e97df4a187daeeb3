"""The same program built in two places that have as little in common as one machine allows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Place", "compare_places", "places", "program_files"]

ROOT = Path(__file__).resolve().parents[2]

#: A user who owns nothing.
_NOBODY = 65_534

# Read by every Python that has this folder on its path.  The clock and the entropy of the machine cannot be
# changed for a process, so those of its Python are.
_SITE = """\
import os
import time

def later(clock, amount):
    return lambda: clock() + amount

time.time = later(time.time, 3e8)
time.time_ns = later(time.time_ns, 300_000_000_000_000_000)
os.urandom = lambda size: (b"other entropy" * (size // 13 + 1))[:size]
"""


@dataclass(frozen=True)
class Place:
    """Where and as whom a build runs: folder, user, umask, environment, dates of the sources."""

    folder: Path
    umask: int
    seconds: int
    environment: Mapping[str, str]
    prefix: tuple[str, ...] = ()
    python_path: tuple[str, ...] = field(default=())

    def build(self, name: str, files: Mapping[str, str], runtime: Path) -> dict[str, bytes]:
        """Build the program ``files`` (name → text) in a folder ``name``; all results by file name.

        Raises RuntimeError with what the build said when it fails.
        """
        folder = self.folder / name
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            os.utime(path, (self.seconds, self.seconds))
        ended = subprocess.run(
            [*self.prefix, sys.executable, "-m", "basilisk", "build"],
            cwd=folder,
            env={
                **os.environ,
                "NO_COLOR": "1",
                "PYTHONPATH": os.pathsep.join([*self.python_path, str(ROOT / "src")]),
                "XDG_CACHE_HOME": str(self.folder / "cache"),
                "BASILISK_RUNTIME": str(runtime.absolute()),
                **self.environment,
            },
            umask=self.umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"the build in {folder} failed:\n{ended.stderr[-2000:]}")
        out = folder / ".basilisk" / name
        return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def places(folder: Path) -> tuple[Place, Place, str]:
    """Two places below ``folder``, and what they could not differ in (empty if nothing is missing)."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    one = folder / "one"
    other = folder / "the other" / "much deeper" / "Ünïcödé"
    one.mkdir()
    other.mkdir(parents=True)
    prefix, missing = _other_user(other)
    return (
        Place(one, 0o022, 1_000_000_000, {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8"}),
        Place(
            other,
            0o077,
            2_000_000_000,
            {
                "PYTHONHASHSEED": "2",
                "TZ": "Asia/Tokyo",
                "LANG": "de_DE.UTF-8",
                "LC_ALL": "tr_TR.UTF-8",
                "HOME": "/tmp",
                "USER": "other",
                "COLUMNS": "40",
            },
            prefix,
            (str(site),),
        ),
        missing,
    )


def compare_places(
    pair: tuple[Place, Place], name: str, files: Mapping[str, str], runtime: Path
) -> tuple[list[str], dict[str, bytes]]:
    """The files that come out differently in the two places, and those of the first."""
    one, other = (place.build(name, files, runtime) for place in pair)
    return [
        f"{name}: {file} of {len(one.get(file, b''))} bytes is another one of {len(other.get(file, b''))}"
        for file in sorted({*one, *other})
        if one.get(file) != other.get(file)
    ], one


def program_files(folder: Path) -> dict[str, str]:
    """The sources of a program: everything a build may read."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix in (".py", ".toml", ".did", ".txt")
        and not {".basilisk", "__pycache__"} & set(path.parts)
    }


def _other_user(folder: Path) -> tuple[tuple[str, ...], str]:
    """What runs a command as a user who owns nothing; else the reason why there is none."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return (), "user: only root may become somebody else"
    tool = shutil.which("setpriv")
    if tool is None:
        return (), "user: there is no setpriv (util-linux)"
    # The right to read what is root's: Python and this checkout may lie in a folder that is closed to others.
    rights = "+dac_override,+dac_read_search"
    ids = (f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups")
    prefix = (tool, *ids, f"--inh-caps={rights}", f"--ambient-caps={rights}")
    probe = [*prefix, sys.executable, "-c", "import os, wasmtime; raise SystemExit(os.geteuid() == 0)"]
    if subprocess.run(probe, cwd=folder, capture_output=True, check=False).returncode:
        return (), "user: another user cannot run this Python"
    return prefix, ""
