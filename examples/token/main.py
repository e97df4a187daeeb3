"""A token with the interfaces ICRC-1 and ICRC-2, whose balances live in stable memory.

Amounts are whole numbers of the smallest unit.  Moving tokens to the minting account destroys them, moving
them from there makes new ones; both cost no fee.  A transfer that names the time it was made at is executed
once, however often it arrives.
"""

from hashlib import sha256
from typing import Annotated, Any

from basilisk import (
    Name,
    Opt,
    Principal,
    Record,
    StableBTreeMap,
    StableCell,
    StableLog,
    Tuple,
    Variant,
    Vec,
    blob,
    ic,
    init,
    nat,
    nat8,
    nat64,
    null,
    query,
    update,
)

DEFAULT_SUBACCOUNT = bytes(32)
LONGEST_MEMO = 32  # bytes
LONGEST_PAGE = 1_000  # transactions that one call answers with at most
SECOND = 1_000_000_000  # nanoseconds
WINDOW = 24 * 3600 * SECOND  # how long a transaction is known as a duplicate
DRIFT = 60 * SECOND  # how far the caller's clock may be off


# Types of the standards


class Account(Record):
    """Whom tokens belong to; no subaccount means the one of 32 zero bytes."""

    owner: Principal
    subaccount: Opt[blob]


class TransferArgs(Record):
    from_subaccount: Opt[blob]
    to: Account
    amount: nat
    fee: Opt[nat]
    memo: Opt[blob]
    created_at_time: Opt[nat64]


class ApproveArgs(Record):
    from_subaccount: Opt[blob]
    spender: Account
    amount: nat
    expected_allowance: Opt[nat]
    expires_at: Opt[nat64]
    fee: Opt[nat]
    memo: Opt[blob]
    created_at_time: Opt[nat64]


class TransferFromArgs(Record):
    spender_subaccount: Opt[blob]
    from_: Annotated[Account, Name("from")]
    to: Account
    amount: nat
    fee: Opt[nat]
    memo: Opt[blob]
    created_at_time: Opt[nat64]


class AllowanceArgs(Record):
    account: Account
    spender: Account


class Allowance(Record):
    allowance: nat
    expires_at: Opt[nat64]


class BadFee(Record):
    expected_fee: nat


class BadBurn(Record):
    min_burn_amount: nat


class Balance(Record):
    balance: nat


class LedgerTime(Record):
    ledger_time: nat64


class Earlier(Record):
    duplicate_of: nat


class Generic(Record):
    error_code: nat
    message: str


class TooLittleAllowed(Record):
    allowance: nat


class CurrentAllowance(Record):
    current_allowance: nat


class TransferError(Variant, total=False):
    BadFee: BadFee
    BadBurn: BadBurn
    InsufficientFunds: Balance
    TooOld: null
    CreatedInFuture: LedgerTime
    Duplicate: Earlier
    TemporarilyUnavailable: null
    GenericError: Generic


class ApproveError(Variant, total=False):
    BadFee: BadFee
    InsufficientFunds: Balance
    AllowanceChanged: CurrentAllowance
    Expired: LedgerTime
    TooOld: null
    CreatedInFuture: LedgerTime
    Duplicate: Earlier
    TemporarilyUnavailable: null
    GenericError: Generic


class TransferFromError(Variant, total=False):
    BadFee: BadFee
    BadBurn: BadBurn
    InsufficientFunds: Balance
    InsufficientAllowance: TooLittleAllowed
    TooOld: null
    CreatedInFuture: LedgerTime
    Duplicate: Earlier
    TemporarilyUnavailable: null
    GenericError: Generic


class TransferResult(Variant, total=False):
    Ok: nat
    Err: TransferError


class ApproveResult(Variant, total=False):
    Ok: nat
    Err: ApproveError


class TransferFromResult(Variant, total=False):
    Ok: nat
    Err: TransferFromError


class Value(Variant, total=False):
    Nat: nat
    Int: int
    Text: str
    Blob: blob


class Standard(Record):
    name: str
    url: str


# What the ledger keeps


class Settings(Record):
    """What the token is; the arguments of the installation."""

    name: str
    symbol: str
    decimals: nat8
    fee: nat
    minting_account: Account
    initial_balances: Vec[Tuple[Account, nat]]


class Transaction(Record):
    """An entry of the ledger's log; ``from`` is null where tokens were made, ``to`` where they ended."""

    kind: str
    from_: Annotated[Opt[Account], Name("from")]
    to: Opt[Account]
    spender: Opt[Account]
    amount: nat
    fee: nat
    memo: Opt[blob]
    timestamp: nat64


settings = StableCell[Settings](memory_id=0)
supply = StableCell[nat](memory_id=1, default=0)
balances = StableBTreeMap[Tuple[Principal, blob], nat](memory_id=2)
allowances = StableBTreeMap[Tuple[Principal, blob, Principal, blob], Allowance](memory_id=3)
# Transactions that named their time, with the index of each: in the order of time, so the oldest go first.
recent = StableBTreeMap[Tuple[nat64, blob], nat](memory_id=4)
transactions = StableLog[Transaction](memory_id=5, data_memory_id=6)

Key = tuple[Principal, bytes]


class Refusal(Exception):
    """Ends a transaction with an error of the standard."""

    def __init__(self, case: str, **details: object) -> None:
        self.value: Any = {case: details or None}


def key_of(account: Account) -> Key:
    """The account in the form in which balances are kept.  A subaccount of another length traps."""
    subaccount = account["subaccount"]
    if subaccount is None:
        return account["owner"], DEFAULT_SUBACCOUNT
    if len(subaccount) != 32:
        ic.trap(f"a subaccount has 32 bytes, not {len(subaccount)}")
    return account["owner"], subaccount


def own_account(subaccount: bytes | None) -> Account:
    return {"owner": ic.caller(), "subaccount": subaccount}


def put(key: Key, balance: int) -> None:
    """Sets a balance; accounts without tokens take no memory."""
    if balance:
        balances[key] = balance
    else:
        balances.pop(key, None)


def check_time(created: int | None, identity: tuple[object, ...]) -> bytes | None:
    """Refuses what is too old, too new or was there before; the hash that tells the transaction apart."""
    now = ic.time()
    while (oldest := recent.first()) is not None and oldest[0][0] < now - WINDOW - DRIFT:
        recent.pop_first()
    if created is None:
        return None
    if created < now - WINDOW - DRIFT:
        raise Refusal("TooOld")
    if created > now + DRIFT:
        raise Refusal("CreatedInFuture", ledger_time=now)
    digest = sha256(repr((ic.caller().bytes, *identity)).encode()).digest()
    earlier = recent.get((created, digest))
    if earlier is not None:
        raise Refusal("Duplicate", duplicate_of=earlier)
    return digest


def check_fee(given: int | None, expected: int) -> None:
    if given is not None and given != expected:
        raise Refusal("BadFee", expected_fee=expected)


def check_memo(memo: bytes | None) -> None:
    if memo is not None and len(memo) > LONGEST_MEMO:
        raise Refusal("GenericError", error_code=1, message=f"a memo has at most {LONGEST_MEMO} bytes")


def note(transaction: Transaction, created: int | None, digest: bytes | None) -> int:
    """Adds a transaction to the log and returns its index."""
    index = len(transactions)
    transactions.append(transaction)
    if created is not None and digest is not None:
        recent[created, digest] = index
    return index


def move(
    source: Account,
    target: Account,
    amount: int,
    fee: int | None,
    memo: bytes | None,
    created: int | None,
    spender: Account | None = None,
) -> int:
    """Moves tokens and returns the transaction's index; changes nothing when it raises Refusal."""
    check_memo(memo)
    start, end, minting = key_of(source), key_of(target), key_of(settings.get()["minting_account"])
    mint, burn = start == minting, end == minting
    price = 0 if mint or burn else settings.get()["fee"]
    check_fee(fee, price)
    by = None if spender is None else key_of(spender)
    digest = check_time(created, ("move", start, end, amount, fee, memo, by))
    if burn and not mint and amount == 0:
        raise Refusal("BadBurn", min_burn_amount=1)
    balance = balances.get(start, 0)
    if not mint and balance < amount + price:
        raise Refusal("InsufficientFunds", balance=balance)
    if by is not None and by != start:
        spend(start, by, amount + price)
    if not mint:
        put(start, balance - amount - price)
    if not burn:
        put(end, balances.get(end, 0) + amount)
    supply.set(supply.get() + (amount if mint else 0) - (amount if burn else price))
    kind = "mint" if mint else "burn" if burn else "transfer"
    entry: Transaction = {
        "kind": kind,
        "from_": None if mint else source,
        "to": None if burn else target,
        "spender": spender,
        "amount": amount,
        "fee": price,
        "memo": memo,
        "timestamp": ic.time(),
    }
    return note(entry, created, digest)


def allowed(owner: Key, spender: Key) -> Allowance:
    """What may still be spent; nothing after the allowance has expired."""
    found = allowances.get((*owner, *spender))
    if found is None or (found["expires_at"] is not None and found["expires_at"] <= ic.time()):
        return {"allowance": 0, "expires_at": None}
    return found


def spend(owner: Key, spender: Key, amount: int) -> None:
    found = allowed(owner, spender)
    if found["allowance"] < amount:
        raise Refusal("InsufficientAllowance", allowance=found["allowance"])
    rest = found["allowance"] - amount
    if rest:
        allowances[(*owner, *spender)] = {"allowance": rest, "expires_at": found["expires_at"]}
    else:
        del allowances[(*owner, *spender)]


# The canister's methods


@init
def start(arguments: Settings) -> None:
    settings.set({**arguments, "initial_balances": []})
    for account, amount in arguments["initial_balances"]:
        key = key_of(account)
        put(key, balances.get(key, 0) + amount)
        supply.set(supply.get() + amount)


@query
def icrc1_name() -> str:
    return settings.get()["name"]


@query
def icrc1_symbol() -> str:
    return settings.get()["symbol"]


@query
def icrc1_decimals() -> nat8:
    return settings.get()["decimals"]


@query
def icrc1_fee() -> nat:
    return settings.get()["fee"]


@query
def icrc1_metadata() -> Vec[Tuple[str, Value]]:
    about = settings.get()
    return [
        ("icrc1:name", {"Text": about["name"]}),
        ("icrc1:symbol", {"Text": about["symbol"]}),
        ("icrc1:decimals", {"Nat": about["decimals"]}),
        ("icrc1:fee", {"Nat": about["fee"]}),
        ("icrc1:max_memo_length", {"Nat": LONGEST_MEMO}),
    ]


@query
def icrc1_total_supply() -> nat:
    return supply.get()


@query
def icrc1_minting_account() -> Opt[Account]:
    return settings.get()["minting_account"]


@query
def icrc1_balance_of(account: Account) -> nat:
    return balances.get(key_of(account), 0)


@query
def icrc1_supported_standards() -> Vec[Standard]:
    base = "https://github.com/dfinity/ICRC-1/tree/main/standards"
    return [{"name": name, "url": f"{base}/{name}"} for name in ("ICRC-1", "ICRC-2")]


@update
def icrc1_transfer(args: TransferArgs) -> TransferResult:
    """Moves tokens of the caller; answers with the index of the transaction."""
    source = own_account(args["from_subaccount"])
    try:
        return {
            "Ok": move(source, args["to"], args["amount"], args["fee"], args["memo"], args["created_at_time"])
        }
    except Refusal as refusal:
        return {"Err": refusal.value}


@update
def icrc2_approve(args: ApproveArgs) -> ApproveResult:
    """Allows somebody to move tokens of the caller, in place of an earlier allowance; costs the fee."""
    source = own_account(args["from_subaccount"])
    try:
        return {"Ok": approve(source, args)}
    except Refusal as refusal:
        return {"Err": refusal.value}


def approve(source: Account, args: ApproveArgs) -> int:
    check_memo(args["memo"])
    owner, spender, fee = key_of(source), key_of(args["spender"]), settings.get()["fee"]
    if args["spender"]["owner"] == source["owner"]:
        raise Refusal("GenericError", error_code=2, message="nobody needs an allowance for their own tokens")
    check_fee(args["fee"], fee)
    created, expires, amount = args["created_at_time"], args["expires_at"], args["amount"]
    expected = args["expected_allowance"]
    digest = check_time(created, ("approve", owner, spender, amount, expected, expires, args["memo"]))
    if expires is not None and expires <= ic.time():
        raise Refusal("Expired", ledger_time=ic.time())
    current = allowed(owner, spender)["allowance"]
    if expected is not None and expected != current:
        raise Refusal("AllowanceChanged", current_allowance=current)
    balance = balances.get(owner, 0)
    if balance < fee:
        raise Refusal("InsufficientFunds", balance=balance)
    put(owner, balance - fee)
    supply.set(supply.get() - fee)
    if amount:
        allowances[(*owner, *spender)] = {"allowance": amount, "expires_at": expires}
    else:
        allowances.pop((*owner, *spender), None)
    entry: Transaction = {
        "kind": "approve",
        "from_": source,
        "to": None,
        "spender": args["spender"],
        "amount": amount,
        "fee": fee,
        "memo": args["memo"],
        "timestamp": ic.time(),
    }
    return note(entry, created, digest)


@update
def icrc2_transfer_from(args: TransferFromArgs) -> TransferFromResult:
    """Moves tokens of somebody who has allowed the caller to do so."""
    spender = own_account(args["spender_subaccount"])
    try:
        return {
            "Ok": move(
                args["from_"],
                args["to"],
                args["amount"],
                args["fee"],
                args["memo"],
                args["created_at_time"],
                spender,
            )
        }
    except Refusal as refusal:
        return {"Err": refusal.value}


@query
def icrc2_allowance(args: AllowanceArgs) -> Allowance:
    return allowed(key_of(args["account"]), key_of(args["spender"]))


@query
def get_transactions(start: nat, length: nat) -> Vec[Transaction]:
    """Transactions of the log from an index on."""
    end = min(start + min(length, LONGEST_PAGE), len(transactions))
    return [transactions[index] for index in range(start, end)]
