"""A canister that uses everything of the management canister's module."""

from basilisk import Principal, Results, Tuple, Vec, blob, ic, nat, nat64, query, update
from basilisk.canisters.management import (
    CanisterSettings,
    HttpRequestResult,
    HttpTransformArgs,
    canister_settings,
    create_canister,
    http_request,
    install_large_code,
    management_canister,
    sign_with_ecdsa,
    sign_with_schnorr,
    vetkd_derive_key,
)

KEY = "dfx_test_key"
made: list[Principal] = []


@query(name="strip")
def without_headers(args: HttpTransformArgs) -> HttpRequestResult:
    """Leaves only what all nodes agree on."""
    body = args["response"]["body"] + args["context"]
    return {"status": args["response"]["status"], "headers": [], "body": body}


@update
async def fetch(url: str, limit: nat64) -> HttpRequestResult:
    return await http_request(
        url,
        method="post",
        headers={"Accept": "text/plain", "X-Ä": "ö"},
        body=b"question",
        max_response_bytes=limit,
        transform=without_headers,
        context=b"!",
    )


@update
async def fetch_plainly(url: str) -> Tuple[nat, nat]:
    """The status, and the cycles that came back."""
    response = await http_request(url)
    return (response["status"], ic.msg_cycles_refunded128())


@update
async def fetch_alone(url: str) -> nat:
    return (await http_request(url, method="delete", max_response_bytes=100, is_replicated=False))["status"]


@update
async def fetch_with(transform: str) -> nat:
    return (await http_request("https://example.com", transform=transform))["status"]


@update
async def random_bytes() -> blob:
    return await management_canister.raw_rand()


@update
async def ecdsa(digest: blob) -> Results[blob, blob]:
    public = await management_canister.ecdsa_public_key(
        {
            "canister_id": None,
            "derivation_path": [b"path"],
            "key_id": {"curve": {"secp256k1": None}, "name": KEY},
        }
    )
    signed = await sign_with_ecdsa(digest, KEY, [b"path"])
    return (public["public_key"], signed["signature"])


@update
async def ed25519(message: blob) -> Results[blob, blob]:
    public = await management_canister.schnorr_public_key(
        {
            "canister_id": None,
            "derivation_path": [],
            "key_id": {"algorithm": {"ed25519": None}, "name": KEY},
        }
    )
    return (public["public_key"], (await sign_with_schnorr(message, KEY))["signature"])


@update
async def bip340(message: blob) -> Results[blob, blob]:
    public = await management_canister.schnorr_public_key(
        {
            "canister_id": None,
            "derivation_path": [b"a", b"b"],
            "key_id": {"algorithm": {"bip340secp256k1": None}, "name": KEY},
        }
    )
    signed = await sign_with_schnorr(message, KEY, [b"a", b"b"], algorithm="bip340secp256k1")
    return (public["public_key"], signed["signature"])


@update
async def vetkey(transport: blob) -> nat:
    return len((await vetkd_derive_key(b"input", b"context", transport, KEY))["encrypted_key"])


@update
async def wrong_key() -> str:
    try:
        await sign_with_ecdsa(bytes(32), "no_such_key")
    except ValueError as error:
        return str(error)
    return "signed"


@update
async def create(cycles: nat) -> Principal:
    settings = canister_settings(controllers=[ic.id(), ic.caller()], environment_variables={"MODE": "test"})
    made.append((await create_canister(settings, cycles=cycles))["canister_id"])
    return made[-1]


@update
async def install(module: blob) -> None:
    await management_canister.install_code(
        {
            "mode": {"install": None},
            "canister_id": made[-1],
            "wasm_module": module,
            "arg": ic.candid_encode("()"),
            "sender_canister_version": None,
        }
    )


@update
async def install_again(module: blob, copies: nat) -> nat:
    """Upgrades to the module with so many custom sections of a megabyte that it takes several chunks."""
    section = b"\0" + _leb128(1_000_002) + b"\1x" + bytes(1_000_000)
    await install_large_code(made[-1], module + section * copies, mode={"upgrade": None})
    return len(await management_canister.stored_chunks({"canister_id": made[-1]}))


def _leb128(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@update
async def balance() -> nat:
    return (await management_canister.canister_status({"canister_id": made[-1]}))["cycles"]


@update
async def set_limit(limit: nat) -> CanisterSettings:
    settings = canister_settings(wasm_memory_limit=limit)
    await management_canister.update_settings(
        {"canister_id": made[-1], "settings": settings, "sender_canister_version": None}
    )
    status = await management_canister.canister_status({"canister_id": made[-1]})
    return canister_settings(
        wasm_memory_limit=status["settings"]["wasm_memory_limit"],
        controllers=status["settings"]["controllers"],
    )


@update
async def snapshot() -> blob:
    taken = await management_canister.take_canister_snapshot(
        {
            "canister_id": made[-1],
            "replace_snapshot": None,
            "uninstall_code": None,
            "sender_canister_version": None,
        }
    )
    listed = await management_canister.list_canister_snapshots({"canister_id": made[-1]})
    assert [item["id"] for item in listed] == [taken["id"]]
    return taken["id"]


@update
async def restore(snapshot_id: blob) -> None:
    await management_canister.load_canister_snapshot(
        {"canister_id": made[-1], "snapshot_id": snapshot_id, "sender_canister_version": None}
    )


@update
async def fetch_logs() -> Vec[str]:
    call = management_canister.fetch_canister_logs({"canister_id": made[-1]})
    # By a canister that costs cycles; what is left comes back.
    answer = await call.with_cycles(10_000_000_000)
    return [record["content"].decode() for record in answer["canister_log_records"]]


@update
async def remove() -> None:
    await management_canister.stop_canister({"canister_id": made[-1]})
    await management_canister.delete_canister({"canister_id": made.pop()})
