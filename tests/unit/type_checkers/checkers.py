"""Runs mypy and Pyright over files and reads what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Complaint", "mypy", "pyright"]

ROOT = Path(__file__).resolve().parents[3]
# The Python of canisters.
VERSION = "3.13"


@dataclass(frozen=True)
class Complaint:
    """One error: the file's name, the line from 1, the checker's name for the rule, its words."""

    file: str
    line: int
    rule: str
    text: str


def mypy(folder: Path, paths: Iterable[Path], *options: str) -> list[Complaint]:
    """Errors of ``mypy --strict`` over one program; ``folder`` takes its cache."""
    paths = list(paths)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--python-version={VERSION}"]
    command += [f"--cache-dir={folder}", "--no-error-summary", "--output=json", *options, *map(str, paths)]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join([str(ROOT / "src"), str(folder / "path")])}
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=paths[0].parent
    )
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    return [
        Complaint(Path(item["file"]).name, item["line"], item["code"] or "", item["message"])
        for item in found
        if item["severity"] == "error"
    ]


def pyright(
    folder: Path, include: Iterable[Path], paths: Iterable[Path] = (), mode: str = "strict"
) -> list[Complaint]:
    """Errors of Pyright; ``paths`` are folders that imports are looked up in beside our sources."""
    include = list(include)
    settings = folder / "pyrightconfig.json"
    settings.write_text(
        json.dumps(
            {
                "include": [str(path) for path in include],
                "extraPaths": [str(ROOT / "src"), *map(str, paths)],
                "typeCheckingMode": mode,
                # Each program may import what lies beside it.
                "executionEnvironments": [
                    {"root": str(root), "extraPaths": [str(root), str(ROOT / "src"), *map(str, paths)]}
                    for root in {path if path.is_dir() else path.parent for path in include}
                ],
                "pythonVersion": VERSION,
            }
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "-p", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    report = json.loads(ended.stdout)
    assert report["summary"]["filesAnalyzed"] > 0
    return [
        Complaint(
            Path(item["file"]).name, item["range"]["start"]["line"] + 1, item.get("rule", ""), item["message"]
        )
        for item in report["generalDiagnostics"]
        if item["severity"] == "error"
    ]
