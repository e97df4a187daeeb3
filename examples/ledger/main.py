"""A token ledger in the manner of ERC-20: balances, allowances, minting, and a log of what happened.

The caller of a method is known for certain (the Internet Computer checks its signature), so ``ic.caller()``
is all the authentication there is.  Refusals that a program may want to react to are values of a variant;
they change nothing, because each method checks before it writes.
"""

from basilisk import (
    Opt,
    Principal,
    Record,
    Variant,
    Vec,
    ic,
    init,
    nat,
    nat8,
    nat64,
    null,
    query,
    update,
)

LONGEST_PAGE = 100  # operations that one call of history() returns at most


class Settings(Record):
    name: str
    symbol: str
    decimals: nat8
    supply: nat


class Metadata(Record):
    name: str
    symbol: str
    decimals: nat8
    total_supply: nat
    minter: Opt[Principal]
    holders: nat64


class Transfer(Record):
    to: Principal
    amount: nat
    memo: Opt[str]


class TransferFrom(Record):
    owner: Principal
    to: Principal
    amount: nat


class Shortage(Record):
    available: nat
    needed: nat


class Refusal(Variant, total=False):
    Anonymous: null
    NotMinter: null
    NothingToMove: null
    InsufficientBalance: Shortage
    InsufficientAllowance: Shortage


class Receipt(Variant, total=False):
    Ok: nat
    Err: Refusal


class Movement(Record):
    source: Opt[Principal]
    target: Opt[Principal]
    amount: nat


class Operation(Variant, total=False):
    Mint: Movement
    Burn: Movement
    Transfer: Movement
    Approve: Movement


class Entry(Record):
    index: nat
    timestamp: nat64
    operation: Operation
    memo: Opt[str]


settings: Settings = {"name": "", "symbol": "", "decimals": 0, "supply": 0}
minter: Opt[Principal] = None
balances: dict[Principal, int] = {}
allowances: dict[tuple[Principal, Principal], int] = {}
log: list[Entry] = []


@init
def start(initial: Settings) -> None:
    """The one who installs the canister becomes its minter and owns the first supply."""
    global settings, minter
    settings = initial
    minter = ic.caller()
    if initial["supply"] > 0:
        balances[minter] = initial["supply"]
        record({"Mint": moved(None, minter, initial["supply"])})


@query
def metadata() -> Metadata:
    """What the token is called, how much of it there is, and who may make more."""
    return {
        "name": settings["name"],
        "symbol": settings["symbol"],
        "decimals": settings["decimals"],
        "total_supply": sum(balances.values()),
        "minter": minter,
        "holders": len(balances),
    }


@query
def balance_of(owner: Principal) -> nat:
    """The tokens of ``owner`` in the smallest unit."""
    return balances.get(owner, 0)


@query
def allowance(owner: Principal, spender: Principal) -> nat:
    """What ``spender`` may still take from ``owner``."""
    return allowances.get((owner, spender), 0)


@query
def history(start: nat, length: nat) -> Vec[Entry]:
    """Entries of the log from index ``start`` on."""
    return log[start : start + min(length, LONGEST_PAGE)]


@update
def transfer(order: Transfer) -> Receipt:
    """Moves tokens of the caller; answers with the index of the entry in the log."""
    caller = ic.caller()
    refusal = check(caller, order["amount"], balances.get(caller, 0))
    if refusal is not None:
        return {"Err": refusal}
    move(caller, order["to"], order["amount"])
    return {"Ok": record({"Transfer": moved(caller, order["to"], order["amount"])}, order["memo"])}


@update
def approve(spender: Principal, amount: nat) -> Receipt:
    """Allows ``spender`` to take up to ``amount`` from the caller; replaces an earlier allowance."""
    caller = ic.caller()
    if caller == Principal.anonymous():
        return {"Err": {"Anonymous": None}}
    if amount:
        allowances[caller, spender] = amount
    else:
        allowances.pop((caller, spender), None)
    return {"Ok": record({"Approve": moved(caller, spender, amount)})}


@update
def transfer_from(order: TransferFrom) -> Receipt:
    """Moves tokens of ``owner``, who must have allowed the caller to do so."""
    caller, owner, amount = ic.caller(), order["owner"], order["amount"]
    allowed = allowances.get((owner, caller), 0)
    if allowed < amount:
        return {"Err": {"InsufficientAllowance": {"available": allowed, "needed": amount}}}
    refusal = check(caller, amount, balances.get(owner, 0))
    if refusal is not None:
        return {"Err": refusal}
    allowances[owner, caller] = allowed - amount
    move(owner, order["to"], amount)
    return {"Ok": record({"Transfer": moved(owner, order["to"], amount)})}


@update
def mint(to: Principal, amount: nat) -> Receipt:
    """Makes new tokens; only the minter may."""
    if ic.caller() != minter:
        return {"Err": {"NotMinter": None}}
    balances[to] = balances.get(to, 0) + amount
    return {"Ok": record({"Mint": moved(None, to, amount)})}


@update
def burn(amount: nat) -> Receipt:
    """Destroys tokens of the caller."""
    caller = ic.caller()
    refusal = check(caller, amount, balances.get(caller, 0))
    if refusal is not None:
        return {"Err": refusal}
    take(caller, amount)
    return {"Ok": record({"Burn": moved(caller, None, amount)})}


def check(caller: Principal, amount: int, available: int) -> Opt[Refusal]:
    """Why the caller cannot move ``amount``, or None."""
    if caller == Principal.anonymous():
        return {"Anonymous": None}
    if amount == 0:
        return {"NothingToMove": None}
    if available < amount:
        return {"InsufficientBalance": {"available": available, "needed": amount}}
    return None


def take(owner: Principal, amount: int) -> None:
    balances[owner] -= amount
    if balances[owner] == 0:
        del balances[owner]


def move(source: Principal, target: Principal, amount: int) -> None:
    take(source, amount)
    balances[target] = balances.get(target, 0) + amount


def moved(source: Opt[Principal], target: Opt[Principal], amount: int) -> Movement:
    return {"source": source, "target": target, "amount": amount}


def record(operation: Operation, memo: Opt[str] = None) -> int:
    """Appends to the log and returns the index of the new entry."""
    index = len(log)
    log.append({"index": index, "timestamp": ic.time(), "operation": operation, "memo": memo})
    return index
