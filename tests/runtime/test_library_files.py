"""Files of the library's packages, time zones, and the source lines of the program."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.testing.local import LocalCanister

Deploy = Callable[[str], LocalCanister]
CALLER = Principal.anonymous()

FILES = '''
import importlib.resources
import pkgutil

from basilisk import Vec, query


@query
def files() -> Vec[str]:
    """What importlib.resources and pkgutil give for a package of the library."""
    root = importlib.resources.files("tzdata")
    bern = root / "zoneinfo" / "Europe" / "Zurich"
    return [
        str((root / "zones").read_text().split()[0]),
        str(sorted(entry.name for entry in root.iterdir())),
        str([(entry.name, entry.is_dir()) for entry in (root / "zoneinfo").iterdir()][-3:]),
        str(bern.is_file()) + str(bern.is_dir()) + str((root / "zoneinfo").is_dir()),
        str(bern.read_bytes() == pkgutil.get_data("tzdata.zoneinfo.Europe", "Zurich")),
        str(bern.read_bytes() == bern.open("rb").read()),
        importlib.resources.read_text("tzdata", "zones")[:6],
        str((root / "none").is_file()),
    ]


@query
def refused() -> Vec[str]:
    texts = []
    root = importlib.resources.files("tzdata")
    for action in (
        lambda: (root / "none").read_bytes(),
        lambda: root.read_bytes(),
        lambda: pkgutil.get_data("tzdata", "none"),
        lambda: (root / "zones").open("w"),
        lambda: list((root / "zones").iterdir()),
    ):
        try:
            action()
        except (OSError, ValueError) as error:
            texts.append(type(error).__name__)
    return texts
'''

ZONES = '''
import zoneinfo
from datetime import datetime, timedelta

from basilisk import Vec, query

BERN = zoneinfo.ZoneInfo("Europe/Zurich")


@query
def at_build() -> str:
    return datetime(2024, 7, 1, tzinfo=BERN).isoformat()


@query
def one() -> str:
    return str(datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("America/New_York")).utcoffset())


@query
def every() -> Vec[str]:
    """All zones, each loaded."""
    summer = datetime(2024, 7, 1)
    names = sorted(zoneinfo.available_timezones())
    return [name for name in names if abs(zoneinfo.ZoneInfo(name).utcoffset(summer)) < timedelta(hours=15)]


@query
def missing() -> Vec[str]:
    texts = []
    for name in ("Europe/Krasnoy", "Amrica/New_York", "../x", "tzdata.zi"):
        try:
            zoneinfo.ZoneInfo(name)
        except Exception as error:
            texts.append(type(error).__name__)
    return texts
'''

SOURCE = """
import inspect
import linecache
import traceback

from basilisk import Vec, query


def answer(question: str) -> int:
    # the lines of the program are there
    return 6 * 7


class Thing:
    def method(self) -> None: ...


@query
def sources() -> Vec[str]:
    return [
        inspect.getsource(answer),
        inspect.getsource(Thing),
        linecache.getline(__file__, 2),
        str(inspect.signature(answer)),
        str(inspect.getsourcelines(answer)[1]),
    ]


@query
def lines() -> str:
    try:
        import json

        json.loads("{")
    except ValueError:
        return traceback.format_exc()
    return ""


@query
def uncaught() -> str:
    import statistics

    return str(statistics.mean([]))
"""


MODULES = """
import json
import pkgutil

from basilisk import Vec, query


@query
def of_json() -> Vec[str]:
    return [found.name for found in pkgutil.iter_modules(json.__path__, "json.")]


@query
def walked() -> Vec[str]:
    import email

    return [found.name for found in pkgutil.walk_packages(email.__path__, "email.") if found.ispkg]


@query
def all_of_them() -> Vec[str]:
    names = [found.name for found in pkgutil.iter_modules()]
    return sorted({"main", "basilisk", "email", "json", "re"}.intersection(names))
"""


@pytest.mark.usefixtures("artefact")
def test_pkgutil_lists_the_modules_of_the_library(deploy: Deploy) -> None:
    """A package of the library has the modules in pkgutil that it has on a host."""
    canister = deploy(MODULES)
    here = [found.name for found in pkgutil.iter_modules(json.__path__, "json.")]
    assert canister.call("of_json", [], CALLER) == [here]
    assert canister.call("walked", [], CALLER) == [["email.mime"]]
    assert canister.call("all_of_them", [], CALLER) == [["basilisk", "email", "json", "main", "re"]]


@pytest.mark.usefixtures("artefact")
def test_files_of_library_packages(deploy: Deploy) -> None:
    """importlib.resources and pkgutil read them; what is missing raises what open() raises."""
    canister = deploy(FILES)
    (answers,) = canister.call("files", [], CALLER)
    assert answers == [
        "Africa/Abidjan",
        "['zoneinfo', 'zones']",
        "[('Mexico', True), ('Pacific', True), ('US', True)]",
        "TrueFalseTrue",
        "True",
        "True",
        "Africa",
        "False",
    ]
    (texts,) = canister.call("refused", [], CALLER)
    assert texts == [
        "FileNotFoundError",
        "IsADirectoryError",
        "FileNotFoundError",
        "ValueError",
        "NotADirectoryError",
    ]


def test_time_zones(deploy: Deploy) -> None:
    """Zones load at build time and in a canister, all of them; wrong names are zoneinfo's errors."""
    canister = deploy(ZONES)
    assert canister.call("at_build", [], CALLER) == ["2024-07-01T00:00:00+02:00"]
    assert canister.call("one", [], CALLER) == ["-1 day, 20:00:00"]
    (names,) = canister.call("every", [], CALLER)
    assert isinstance(names, list)
    assert len(names) > 590
    assert {"UTC", "Europe/Zurich", "Asia/Kolkata", "America/Argentina/Ushuaia"} <= set(names)
    (texts,) = canister.call("missing", [], CALLER)
    assert texts == ["ZoneInfoNotFoundError", "ZoneInfoNotFoundError", "ValueError", "ZoneInfoNotFoundError"]


def test_loading_a_zone_is_affordable_in_a_query(deploy: Deploy) -> None:
    """A zone that was not loaded at build time costs a small part of a query's instructions."""
    canister = deploy(ZONES)
    canister.call("one", [], CALLER)
    assert canister.instructions < 250_000_000


def test_the_program_s_source_is_there(deploy: Deploy) -> None:
    """inspect, linecache and traceback show the program's lines; the library's have names and numbers."""
    canister = deploy(SOURCE)
    (answers,) = canister.call("sources", [], CALLER)
    assert answers == [
        "def answer(question: str) -> int:\n    # the lines of the program are there\n    return 6 * 7\n",
        "class Thing:\n    def method(self) -> None: ...\n",
        "import inspect\n",
        "(question: str) -> int",
        "9",
    ]
    (text,) = canister.call("lines", [], CALLER)
    assert isinstance(text, str)
    assert '        json.loads("{")' in text.replace("    json", "        json")
    assert 'File "<stdlib>/json/decoder.py", line 3' in text
    with pytest.raises(CallRejected) as caught:
        canister.call("uncaught", [], CALLER)
    assert "    return str(statistics.mean([]))" in str(caught.value)
    assert 'File "<stdlib>/statistics.py"' in str(caught.value)
