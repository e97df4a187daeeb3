# mypy: disable-error-code="empty-body"
"""The same in Kybra's names, which are known on the host by stubs."""

from kybra import (
    Async,
    Canister,
    CanisterResult,
    Principal,
    Record,
    Variant,
    blob,
    ic,
    int,
    manual,
    match,
    method,
    nat64,
    opt,
    query,
    update,
)
from kybra.canisters.management import management_canister


class User(Record):
    name: str
    age: nat64


class Answer(Variant, total=False):
    ok: bool
    err: str


class Other(Canister):
    @method
    def example(self, count: nat64) -> bool: ...


other = Other(Principal.from_str("rkp4c-7iaaa-aaaaa-aaaca-cai"))
users: dict[str, User] = {}


@query
def find(name: str) -> opt[User]:
    return users.get(name)


@query
def answer(number: int) -> manual[str]:
    ic.reply(str(number))
    return None


@update
def call() -> Async[Answer]:
    result: CanisterResult[bool] = yield other.example(5).with_cycles(100)
    if result.err is not None:
        return {"err": result.err}
    return {"ok": result.ok}


@update
def random() -> Async[blob]:
    result: CanisterResult[blob] = yield management_canister.raw_rand()
    return match(result, {"ok": lambda data: data, "err": lambda _: b""})
