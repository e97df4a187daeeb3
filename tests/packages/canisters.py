"""Programs of packages, built into canisters and called in a replica, and the same programs on the host."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister

from .provision import environment, site

__all__ = ["CASES", "KNOWN", "Outcome", "deployed", "host_answer", "names", "outcome", "program"]

CASES = Path(__file__).parent / "cases"
KNOWN = {"sympy": "does not work: it computes with ctypes when it is imported"}
"""Packages that cannot work, and why."""

_MAIN = """{imports}from basilisk import query, text


@query
def run() -> text:
    return {result}
"""
_HOST = "import sys; sys.path[:0] = [{folder!r}, {site!r}]; import {name}_case as m; "


@dataclass(frozen=True)
class Outcome:
    """A package's answers, and what it adds to an empty canister (bytes of gzip)."""

    name: str
    version: str
    canister: str
    host: str
    gzip: int
    report: dict[str, Any]

    @property
    def same(self) -> bool:
        return self.canister == self.host


def names() -> list[str]:
    """The packages, by the names that programs import."""
    return sorted(path.stem for path in CASES.glob("*.py"))


def host_answer(folder: Path, name: str) -> str:
    """What the program answers on this Python with the same packages."""
    code = _HOST.format(folder=str(folder), site=str(site()), name=name)
    command = [sys.executable, "-W", "ignore", "-c", code + "sys.stdout.write(m.answer())"]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return answer.stdout if answer.returncode == 0 else answer.stderr


def deployed(
    folder: Path, stdlib: str = "full", python: Path | None = None
) -> tuple[LocalCanister, dict[str, Any], int]:
    """A canister of the program in ``folder``, the report of its build, and its size in bytes of gzip."""
    project = replace(resolve(str(folder)), stdlib=stdlib)
    built = build(project, output=folder / "out", python=python or environment())
    interface = parse_did(built.did.read_text(encoding="utf-8"))
    canister = LocalCanister(Replica(), built.gzip.read_bytes(), interface)
    canister.change_code("install", [], Principal.anonymous())
    return canister, built.report, built.gzip.stat().st_size


def program(folder: Path, name: str | None) -> None:
    """Write the program of a package, or one that uses none."""
    folder.mkdir(parents=True)
    if name is None:
        text = _MAIN.format(imports="", result='""')
    else:
        text = _MAIN.format(imports=f"import {name}_case\n", result=f"{name}_case.answer()")
        source = (CASES / f"{name}.py").read_text("utf-8")
        (folder / f"{name}_case.py").write_text(source, encoding="utf-8")
    if name == "tzdata":
        (folder / "pyproject.toml").write_text('[tool.basilisk]\ninclude = ["tzdata.*"]\n', encoding="utf-8")
    (folder / "main.py").write_text(text, encoding="utf-8")


def outcome(folder: Path, name: str, empty: int = 0, stdlib: str = "full") -> Outcome:
    """Build and ask the program of a package; ``empty`` is the size of a canister without it."""
    program(folder, name)
    canister, report, size = deployed(folder, stdlib)
    answer = str(canister.call("run", [], Principal.anonymous())[0])
    versions = {key: item["version"] for item in report["packages"] for key in _tops(item)}
    return Outcome(name, versions.get(name, ""), answer, host_answer(folder, name), size - empty, report)


def _tops(package: dict[str, Any]) -> set[str]:
    return {module.partition(".")[0] for module in package["modules"]}
