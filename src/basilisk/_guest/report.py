"""From an exception at build time to the report that the build host prints.

A report is a dictionary with ``kind``, ``message``, ``file``, ``line``, ``column``, ``function``,
``parameter``, ``cause``, ``remedy`` and ``traceback``; what is not known is None.
"""

from __future__ import annotations

import sys

from basilisk._guest.sources import locate, source_of_namespace
from basilisk._guest.tracebacks import Place, format_exception, places
from basilisk.faults import ProgramFault
from basilisk.scopes import import_hint, module_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Report = dict[str, Any]

__all__ = ["report"]

_REFUSED = {
    "clock": (
        "the program is imported at build time, where there is no clock",
        "ask for the time inside a method or in @init: time.time() and ic.time() work there",
    ),
    "entropy": (
        "the program is imported at build time, where there is no randomness; numbers drawn now would be the "
        "same in every copy of the canister",
        "draw random numbers inside a method",
    ),
    "files": (
        "the program is imported at build time, where the only files are those that pyproject.toml includes",
        'name data files in pyproject.toml, [tool.basilisk] include = ["data/*.json"]; '
        "use all other files in methods",
    ),
}
_ASKED = {
    "clock": "the clock cannot be read",
    "entropy": "random numbers cannot be drawn",
    "files": "files cannot be opened",
}
_REFUSED_SYSTEM = (
    "the program is imported at build time: there is no canister and no Internet Computer yet",
    "call it inside a method or in @init",
)


def report(error: BaseException, refusals: Sequence[str] = ()) -> Report:
    """The report on an exception that ended the import of the program.

    ``refusals`` names what the program asked the world for at build time, in order.
    """
    if isinstance(error, ProgramFault):
        return _fault(error)
    if isinstance(error, SyntaxError):
        return _syntax(error)
    found = _base(error)
    system = sys.modules.get("_basilisk_ic")
    if system is not None and isinstance(error, system.ContextError):
        name = refusals[-1] if refusals else "the system"
        found["kind"] = "refused"
        found["message"] = f"{name} cannot be called while the program is imported"
        found["cause"], found["remedy"] = _REFUSED_SYSTEM
    elif isinstance(error, ImportError):
        found["kind"] = "import"
        _import(error, found, system)
    elif isinstance(error, NameError) and error.name:
        found["remedy"] = import_hint(error.name)
    elif isinstance(error, KeyError) and _raised_by_environ(error):
        found["kind"] = "refused"
        found["message"] = f"the environment variable {error} does not exist while the program is imported"
        found["cause"] = (
            "a canister has no environment variables, and a build does not read those of its host"
        )
        found["remedy"] = "write the value into the program, or pass it as an argument of @init"
    elif refusals and (isinstance(error, OSError) or _no_entropy(error)):
        found["kind"] = "refused"
        asked = _ASKED.get(refusals[-1])
        if asked is not None:
            said = "" if _no_entropy(error) else f" ({found['message']})"
            found["message"] = f"{asked} while the program is imported{said}"
        found["cause"], found["remedy"] = _REFUSED.get(refusals[-1], _REFUSED_SYSTEM)
    elif refusals:
        asked = ", ".join(dict.fromkeys(refusals))
        found["cause"] = (
            f"perhaps because the program asked for what does not exist while it is imported: {asked}"
        )
        found["remedy"] = _REFUSED.get(refusals[-1], _REFUSED_SYSTEM)[1]
    else:
        found["cause"] = "the program raised an exception while it was imported, which happens at build time"
        found["remedy"] = "correct the line, or move the work into @init or a method"
    return found


def _no_entropy(error: BaseException) -> bool:
    """Whether ``error`` is the refusal of ``os.urandom``, whose text is for methods as well."""
    return isinstance(error, RuntimeError) and str(error).startswith("no random bytes")


def _base(error: BaseException) -> Report:
    place = _user_place(error)
    try:
        text = str(error)
    except Exception:
        text = ""
    name = type(error).__qualname__
    return {
        "kind": "exception",
        "message": f"{name}: {text}" if text else name,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column + 1 if place and place.column is not None else None,
        "function": place.function if place and place.function != "<module>" else None,
        "parameter": None,
        "cause": None,
        "remedy": None,
        "traceback": format_exception(error),
    }


def _user_place(error: BaseException) -> Place | None:
    """The innermost line that belongs to the program, not to the standard library or to Basilisk."""
    for place in reversed(places(error.__traceback__)):
        module = str(place.namespace.get("__name__", ""))
        if not place.file.startswith("<") and module.partition(".")[0] != "basilisk":
            return place
    return None


def _raised_by_environ(error: BaseException) -> bool:
    found = places(error.__traceback__)
    return bool(found) and found[-1].namespace.get("__name__") == "os" and found[-1].function == "__getitem__"


def _namespace(fault: ProgramFault) -> dict[str, Any]:
    """The globals of the module at fault; a module whose import failed is in the traceback only."""
    found = module_namespace(fault.module or "")
    if not found:
        for place in places(fault.__traceback__):
            if place.namespace.get("__name__") == fault.module:
                return place.namespace
    return found


def _fault(fault: ProgramFault) -> Report:
    file, line, column = fault.file, fault.line, fault.column
    namespace = _namespace(fault)
    if line is None and fault.function is not None:
        source = source_of_namespace(namespace)
        found = None if source is None else locate(source, fault.function, fault.parameter, fault.first_line)
        if found is not None:
            line, column = found
            file = file or namespace.get("__file__")
    if line is None:
        place = _user_place(fault)
        if place is not None:
            file, line = place.file, place.line
            column = None if place.column is None else place.column + 1
    return {
        "kind": fault.kind,
        "message": fault.message,
        "file": file or namespace.get("__file__"),
        "line": line,
        "column": column,
        "function": fault.function,
        "parameter": fault.parameter,
        "cause": fault.cause,
        "remedy": fault.remedy,
        "traceback": None,
    }


def _syntax(error: SyntaxError) -> Report:
    found = _base(error)
    found["kind"] = "syntax"
    found["message"] = str(error.msg)
    if error.filename is not None:
        found["file"], found["line"], found["column"] = error.filename, error.lineno, error.offset
        found["function"] = None
    found["remedy"] = "correct the line; the canister runs Python 3.13"
    return found


def _similar(wanted: str, module: str) -> str:
    """Public names of a module that look like a misspelt one."""
    try:
        from difflib import get_close_matches
    except ImportError:
        return ""
    names = [name for name in sys.modules[module].__dict__ if not name.startswith("_")]
    return " or ".join(get_close_matches(wanted, names, 2))


def _import(error: ImportError, found: Report, system: Any) -> None:
    name = error.name or ""
    found["message"] = str(error)
    own = name.partition(".")[0] in ("kybra", "basilisk")
    if own and isinstance(error, ModuleNotFoundError):
        found["cause"] = f"this version of Basilisk has no module {name}"
        found["remedy"] = "correct the name, or make the module: basilisk bindings FILE.did"
        return
    if own:
        # "cannot import name 'inat64' from 'kybra' (unknown location)"
        wanted = str(error).partition("'")[2].partition("'")[0]
        found["message"] = f"{name} has no name '{wanted}'"
        near = _similar(wanted, name)
        found["remedy"] = f"did you mean {near}?" if near else "correct the name"
        return
    reason = system.stdlib_refusal(name) if system is not None and name else None
    if reason is not None:
        found["message"] = f"{name} cannot be imported in a canister"
        found["cause"] = str(reason)
        found["remedy"] = "do without it, or catch ImportError if the program can"
    elif isinstance(error, ModuleNotFoundError):
        found["cause"] = (
            "it is not in the program, in the packages of the active environment or in the standard library"
        )
        package = name.partition(".")[0] or "the package"
        found["remedy"] = f"correct the name, or install {package} in the environment that runs the build"
    else:
        found["remedy"] = "correct the name, or catch ImportError if the program can do without it"
