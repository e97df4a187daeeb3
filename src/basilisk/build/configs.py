"""The files that may name canisters: ``pyproject.toml``, ``dfx.json`` and ``icp.yaml``.

Each reader returns a list of :class:`Declared` in the order of the file; a file that is not there gives an
empty list and a file that cannot be read as what it claims to be is a :class:`UsageError` with its place.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from basilisk.errors import EnvironmentFault, Location, UsageError

__all__ = ["Declared", "canister_declarations", "dfx_json", "icp_yaml", "pyproject"]

_KNOWN_KEYS = ("name", "entry", "include", "stdlib")
_PROFILES = ("full", "used")


@dataclass(frozen=True)
class Declared:
    """A canister that a configuration file names; ``entry`` is relative to the file's folder."""

    name: str | None
    entry: str | None
    include: tuple[str, ...] = ()
    did: str | None = None
    stdlib: str | None = None


def canister_declarations(folder: Path) -> list[Declared]:
    """Everything that the configuration files of ``folder`` declare, ``pyproject.toml`` first."""
    return [*pyproject(folder), *dfx_json(folder), *icp_yaml(folder)]


def pyproject(folder: Path) -> list[Declared]:
    """The table ``[tool.basilisk]``: ``name``, ``entry``, ``include`` (modules, data files), ``stdlib``."""
    path = folder / "pyproject.toml"
    text = _read(path)
    if text is None or "tool.basilisk" not in text:
        return []
    table = _toml(text, path).get("tool", {}).get("basilisk", {})
    if not isinstance(table, dict):
        raise _bad(path, "[tool.basilisk] is not a table", "write [tool.basilisk] and its keys below it")
    unknown = sorted(set(table) - set(_KNOWN_KEYS))
    if unknown:
        known = f"known settings: {', '.join(_KNOWN_KEYS)}"
        raise _bad(path, f"[tool.basilisk] has no setting {unknown[0]!r}", known)
    for key in ("name", "entry"):
        if not isinstance(table.get(key, ""), str):
            raise _bad(path, f"{key} in [tool.basilisk] is not text", f'write {key} = "…"')
    include = table.get("include", [])
    if not isinstance(include, list) or not all(isinstance(item, str) for item in include):
        remedy = 'write include = ["module", "data/*.json"]'
        raise _bad(path, "include in [tool.basilisk] is not a list of texts", remedy)
    profile = table.get("stdlib")
    if profile is not None and profile not in _PROFILES:
        raise _bad(path, f"stdlib in [tool.basilisk] is {profile!r}", 'write stdlib = "full" or "used"')
    return [Declared(table.get("name"), table.get("entry"), tuple(include), stdlib=profile)]


def dfx_json(folder: Path) -> list[Declared]:
    """Canisters of ``dfx.json`` whose build command calls basilisk or kybra."""
    path = folder / "dfx.json"
    text = _read(path)
    if text is None:
        return []
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise _bad(path, error.msg, "mend the file", error.lineno, error.colno) from error
    canisters = content.get("canisters") if isinstance(content, dict) else None
    found = []
    for name, settings in (canisters or {}).items() if isinstance(canisters, dict) else ():
        if isinstance(settings, dict):
            declared = _declared(name, settings, settings.get("build"))
            if declared is not None:
                found.append(declared)
    return found


def icp_yaml(folder: Path) -> list[Declared]:
    """Canisters of ``icp.yaml`` built by a script step or a recipe that calls basilisk or kybra."""
    path = folder / "icp.yaml"
    text = _read(path)
    if text is None:
        return []
    content = _yaml(text, path)
    if not isinstance(content, dict):
        return []
    listed = content.get("canisters") or []
    single = content.get("canister")
    found = []
    for settings in [*(listed if isinstance(listed, list) else []), single]:
        if isinstance(settings, dict) and isinstance(settings.get("name"), str):
            declared = _declared(settings["name"], _recipe(settings), list(_strings(settings.get("build"))))
            if declared is not None:
                found.append(declared)
    return found


def _declared(name: str, settings: dict[str, Any], build: object) -> Declared | None:
    """One canister of dfx.json or icp.yaml, when its build has to do with us."""
    commands = [build] if isinstance(build, str) else build if isinstance(build, list) else []
    for command in commands:
        if isinstance(command, str) and (words := _command_words(command)) is not None:
            entry = words[1] if len(words) > 1 else _text(settings, "entry", "main")
            did = words[2] if len(words) > 2 else _text(settings, "candid")
            return Declared(name, entry, (), did)
    if str(settings.get("type", "")).partition("@")[0].strip("/") in ("basilisk", "kybra"):
        return Declared(name, _text(settings, "entry", "main", "entry_point"), (), _text(settings, "candid"))
    return None


def _command_words(command: str) -> list[str] | None:
    """NAME, ENTRY and DID of a build command's basilisk call; None for a command that is not ours."""
    old = re.search(r"-m\s+(?:basilisk|kybra)\s+(?!build\b)([^;&|]*)", command)
    new = re.search(r"\bbasilisk\s+build\b([^;&|]*)", command)
    try:
        if old is not None:
            return [word for word in shlex.split(old.group(1)) if not word.startswith("-")]
        if new is not None:
            return ["", *(word for word in shlex.split(new.group(1)) if word.endswith(".py"))]
    except ValueError:
        return []
    return None


def _recipe(settings: dict[str, Any]) -> dict[str, Any]:
    """Type and configuration of a canister's recipe in icp.yaml, flattened."""
    recipe = settings.get("recipe")
    if not isinstance(recipe, dict):
        return {}
    configuration = recipe.get("configuration")
    kind = str(recipe.get("type", "")).rpartition("/")[2]
    return {**(configuration if isinstance(configuration, dict) else {}), "type": kind}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _text(settings: dict[str, Any], *keys: str) -> str | None:
    for key in keys:
        if isinstance(settings.get(key), str):
            return str(settings[key])
    return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, f"the file cannot be read: {error}", "make it readable UTF-8 text") from error


def _toml(text: str, path: Path) -> dict[str, Any]:
    try:
        import tomllib as reader  # type: ignore[import-not-found,unused-ignore]
    except ImportError:  # Python 3.10
        try:
            import tomli as reader  # type: ignore[import-not-found,no-redef,unused-ignore]
        except ImportError as error:
            raise EnvironmentFault(
                f"{path} cannot be read with this Python",
                cause="Python 3.10 has no reader for TOML",
                remedy="pip install tomli, or use Python 3.11 or later",
            ) from error
    try:
        return dict(reader.loads(text))
    except reader.TOMLDecodeError as error:
        line, column = _toml_place(str(error))
        raise _bad(path, str(error), "mend the file", line, column) from error


def _toml_place(message: str) -> tuple[int | None, int | None]:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    return (int(match.group(1)), int(match.group(2))) if match else (None, None)


def _yaml(text: str, path: Path) -> object:
    import yaml  # type: ignore[import-untyped,unused-ignore]  # comes with libcst

    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        raise _bad(path, str(error.problem or "not valid YAML"), "mend the file", *place) from error
    except yaml.YAMLError as error:
        raise _bad(path, f"not valid YAML: {error}", "mend the file") from error


def _bad(
    path: Path, what: str, remedy: str, line: int | None = None, column: int | None = None
) -> UsageError:
    return UsageError(what, where=Location(str(path), line, column), remedy=remedy)
