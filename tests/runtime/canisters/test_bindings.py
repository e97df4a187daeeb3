"""Generated bindings in a canister: they build, and calls through them arrive."""

from __future__ import annotations

import re
from pathlib import Path

from basilisk.bindings import make_bindings
from basilisk.candid import parse_did, same_type
from basilisk.candid.types import Func
from basilisk.runtime import Found
from basilisk.testing import LocalReplica, build_program
from tests.unit.bindings.test_bindings import TRICKY

ROOT = Path(__file__).resolve().parents[3]

CALLEE = """
from typing import Annotated
from basilisk import Name, Opt, Record, Results, nat, query, text, update

heard: list[str] = []

class Order(Record):
    from_: Annotated[text, Name("from")]
    class_: Annotated[nat, Name("class")]

@update(name="import")
def import_(order: Order) -> Results[nat, text]:
    return (order["class_"], order["from_"])

@update
def tell(word: text) -> None:
    heard.append(word)

@query
def last() -> Opt[text]:
    return heard[-1] if heard else None
"""

CALLER = """
from basilisk import Principal, Results, nat, text, update
from shop import Shop

@update
async def order(shop: Shop) -> Results[nat, text]:
    number, name = await shop.import_({"from_": "here", "class_": 7})
    return (number, name)

@update
def tell(shop: Shop, word: text) -> bool:
    return shop.tell(word).notify().Err is None
"""


def test_calls_through_bindings(replica: LocalReplica, artefact: Found, tmp_path: Path) -> None:
    """Renamed methods and fields, several results, and a method without an answer."""
    for name in ("callee", "caller"):
        (tmp_path / name).mkdir()
    (tmp_path / "callee" / "main.py").write_text(CALLEE)
    did = build_program(tmp_path / "callee").did
    did = did.replace("tell : (word : text) -> ()", "tell : (word : text) -> () oneway")
    assert "oneway" in did and "(nat, text)" in did
    (tmp_path / "caller" / "main.py").write_text(CALLER)
    (tmp_path / "caller" / "shop.py").write_text(make_bindings(did, source="shop.did"))
    shop, caller = replica.deploy(tmp_path / "callee"), replica.deploy(tmp_path / "caller")
    assert caller.order(shop) == (7, "here")
    assert caller.tell(shop, "word") is True
    replica.tick(2)
    assert shop.methods.last() == "word"


def test_a_canister_takes_the_generated_types(artefact: Found, tmp_path: Path) -> None:
    """In the interface of a canister that uses it, the service has the type that it was made from."""
    (tmp_path / "tricky.py").write_text(make_bindings(TRICKY, source="tricky.did"))
    (tmp_path / "main.py").write_text(
        "from basilisk import query\nfrom tricky import Keeper\n\n\n"
        "@query\ndef f(keeper: Keeper) -> None:\n    pass\n"
    )
    built, interface = parse_did(build_program(tmp_path).did), parse_did(TRICKY)
    assert built.service is not None and interface.service is not None
    ((_, method),) = built.service.methods
    assert isinstance(method, Func)
    assert same_type(method.args[0].type, interface.service, built.environment, interface.environment)


def test_the_program_of_the_documentation(replica: LocalReplica, artefact: Found, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "management-canister.md").read_text("utf-8")
    program = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)[0]
    (tmp_path / "main.py").write_text(program)
    canister = replica.deploy(tmp_path, cycles=10**15)
    assert len(canister.sign(bytes(32))) == 64
    assert replica.canister(canister.child()).cycles == 1_000_000_000_000
    assert len(canister.random_bytes()) == 32
