"""Which of Basilisk's own modules go into a canister."""

from __future__ import annotations

import pytest

from basilisk.build.guestfiles import OPTIONAL, guest_modules, optional_modules


def test_host_only_parts_and_optional_packages_stay_out() -> None:
    names = guest_modules().keys()
    assert {"basilisk", "basilisk.ic", "basilisk.candid.types", "basilisk._guest.start"} <= names
    for package in ("basilisk.build", "basilisk.bindings", "basilisk.replica", *OPTIONAL):
        assert not [name for name in names if f"{name}.".startswith(f"{package}.")]


@pytest.mark.parametrize(
    ("imported", "packages"),
    [
        ([], set()),
        (["basilisk", "basilisk.ic", "kybra", "basilisk.https"], set()),
        (["basilisk.http"], {"basilisk.http"}),
        (["basilisk.http.types"], {"basilisk.http"}),
        (["kybra.canisters.management"], {"basilisk.canisters"}),
        (["basilisk.canisters.management", "basilisk.http"], {"basilisk.canisters", "basilisk.http"}),
    ],
)
def test_optional_packages_come_whole(imported: list[str], packages: set[str]) -> None:
    """An import of any of its modules brings a package with all its modules."""
    found = optional_modules(imported)
    assert {".".join(name.split(".")[:2]) for name in found} == packages
    for package in packages:
        assert package in found and any(name.startswith(f"{package}.") for name in found)
    assert not found.keys() & guest_modules().keys()
