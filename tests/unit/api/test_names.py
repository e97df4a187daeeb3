"""Type names as Python objects: ranges, repr, records as dictionaries, weight of the import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Generic, List, Optional, TypeVar  # noqa: UP035

import pytest

import basilisk
from basilisk import Alias, Manual, Name, Opt, Principal, Record, Service, Variant, Vec, nat, nat8, null, text

SOURCE = Path(basilisk.__file__).parents[1]


def test_scalars_convert_and_check() -> None:
    assert nat8(255) == 255 and type(nat8(255)) is int and text(5) == "5"
    for wrong in (256, -1):
        with pytest.raises(ValueError, match="out of range for nat8"):
            nat8(wrong)
    assert isinstance(255, nat8) and not isinstance(256, nat8) and not isinstance(True, nat8)
    assert isinstance(None, null) and not isinstance(-1, nat)
    with pytest.raises(TypeError, match="annotations"):
        null()


def test_forms_work_with_the_typing_module() -> None:
    T = TypeVar("T")
    assert repr(Opt[nat]) == "Opt[nat]" and repr(Opt["User"] | None) == "Union[Opt['User'], None]"
    assert repr(None | Opt[nat]) == "Union[None, Opt[nat]]"
    assert repr(List[Opt[nat]]) == "typing.List[Opt[nat]]"  # noqa: UP006
    assert Optional[Opt[nat]].__args__[0].name == "Opt"
    assert repr(Opt[list[T]][nat]) in ("Opt[list[nat]]", "Opt[list[basilisk.nat]]")
    assert repr(Alias[T][nat]) == "Alias[nat]"
    assert repr(list[Opt[T]][nat]) == "list[Opt[nat]]"
    with pytest.raises(TypeError):
        Opt[nat]()
    with pytest.raises(TypeError):
        Manual()
    assert Vec is list


def test_records_are_dictionaries() -> None:
    class User(Record):
        name: str

    T = TypeVar("T")

    class Page(Record, Generic[T]):
        items: Vec[T]

    assert User(name="a") == {"name": "a"} and type(User(name="a")) is dict
    assert Page[nat](items=[1]) == {"items": [1]}
    with pytest.raises(TypeError, match="plain dictionaries"):
        isinstance({}, User)
    with pytest.raises(TypeError, match="at once"):
        type(User)("Both", (Record, Variant), {})


def test_services_need_a_principal() -> None:
    class Ledger(Service): ...

    ledger = Ledger(Principal.anonymous())
    assert ledger.canister_id == Principal.anonymous() and repr(ledger) == "Ledger(Principal(2vxsx-fae))"
    assert ledger == Ledger(Principal.anonymous()) and hash(ledger) == hash(Ledger(Principal.anonymous()))
    with pytest.raises(TypeError, match="from_str"):
        Ledger("2vxsx-fae")  # type: ignore[arg-type]


def test_calling_a_service_needs_a_canister() -> None:
    class Ledger(Service):
        @basilisk.service_query
        def name(self) -> str: ...

    with pytest.raises(basilisk.OutsideCanister):
        Ledger(Principal.anonymous()).name()


def test_field_names() -> None:
    assert repr(Name("x")) == "Name('x')" and Name("x") == Name("x") and hash(Name(1)) == hash(Name(1))
    for wrong in (b"x", True, None):
        with pytest.raises(TypeError):
            Name(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2\\*\\*32"):
        Name(2**32)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("basilisk", "typing re dataclasses inspect collections enum functools traceback"),
        ("basilisk.methods, basilisk._guest.report", "typing re dataclasses inspect enum traceback"),
    ],
)
def test_the_import_is_light(module, absent) -> None:
    """What the API imports is in the memory of every canister; these modules must not be."""
    program = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); import {module}; "
        f"print(*sorted(set({absent!r}.split()) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_importing_the_api_leaves_the_host_only_parts_alone() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); import basilisk, basilisk._guest.start; "
        "print(*(name for name in sys.modules if name.startswith('basilisk.')))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    host = {"build", "cli", "runtime", "engine", "replica", "wasm", "toolbox", "testing"}
    assert not host & {name.split(".")[1] for name in done.stdout.split()}
