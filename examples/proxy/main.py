"""A proxy: calls methods of other canisters, typed and raw, and passes on values, errors and cycles.

``ledger.py`` describes the other canister; `basilisk bindings examples/ledger -o ledger.py` has written it.
"""

from ledger import Ledger, Metadata, Receipt

from basilisk import (
    CallRejected,
    Case,
    Opt,
    Principal,
    Record,
    Vec,
    blob,
    ic,
    nat,
    nat16,
    query,
    update,
)

PATIENCE = 60  # seconds that a call may take before nobody waits for it any more


class Failure(Record):
    """A call that was rejected (interface specification, "Reject codes")."""

    code: nat16
    message: str


class Answered(Case[blob], name="Ok"): ...


class Counted(Case[nat], name="Ok"): ...


class Failed(Case[Failure], name="Err"): ...


Reply = Answered | Failed
Balance = Counted | Failed


class Forwarded(Record):
    """The answer to a raw call, and what became of the cycles that went along."""

    reply: Reply
    cycles_used: nat


calls = 0


def failed(error: CallRejected) -> Failed:
    return Failed({"code": error.code, "message": error.message})


@query
def count() -> nat:
    """How many calls the proxy has made."""
    return calls


@update
async def balance_of(ledger: Ledger, owner: Principal) -> Balance:
    """A typed call: arguments and answer are checked, and a reject is an exception."""
    global calls
    calls += 1
    try:
        return Counted(await ledger.balance_of(owner).with_timeout(PATIENCE))
    except CallRejected as error:
        return failed(error)


@update
async def balances_of(ledger: Ledger, owners: Vec[Principal]) -> Vec[Opt[nat]]:
    """Several calls side by side; null where a call was rejected."""
    global calls
    calls += len(owners)
    results = await ic.gather(*(ledger.balance_of(owner).result() for owner in owners))
    return [result.Ok if result.Err is None else None for result in results]


@update
async def pay(ledger: Ledger, to: Principal, amount: nat) -> Receipt:
    """Moves tokens of the proxy itself.  A reject goes on to the caller, because nobody handles it here."""
    global calls
    calls += 1
    return await ledger.transfer({"to": to, "amount": amount, "memo": "by proxy"})


@update
async def about(ledger: Ledger) -> Opt[Metadata]:
    """What the token is called; null if the canister does not say so."""
    result = await ledger.metadata().result()
    return result.Ok if result.Err is None else None


@update
async def forward(canister: Principal, method: str, argument: blob) -> Forwarded:
    """A raw call to any method of any canister; the cycles of the caller go along."""
    global calls
    calls += 1
    cycles = ic.msg_cycles_accept128(ic.msg_cycles_available128())
    reply: Reply
    try:
        reply = Answered(await ic.call_raw(canister, method, argument, cycles))
    except CallRejected as error:
        reply = failed(error)
    return {"reply": reply, "cycles_used": cycles - ic.msg_cycles_refunded128()}


@update
def notify(canister: Principal, method: str, argument: blob) -> bool:
    """Sends a message without waiting for the answer; whether it was sent."""
    return ic.notify_raw(canister, method, argument).Err is None
