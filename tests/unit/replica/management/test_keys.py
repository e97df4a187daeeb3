"""Keys: derivation as clients do it, signatures as clients verify them, known vectors, prices."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st
from pyblst import BlstP1Element, BlstP2Element, final_verify, miller_loop

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.management.keys import ed25519, secp256k1, vetkd
from tests.unit.replica.management.curves import Ed25519, Secp256k1
from tests.unit.replica.management.proxy import Proxy

PRICE = 10_000_000_000
DIGEST = bytes(range(32))
ECDSA = {"curve": {"secp256k1": None}, "name": "dfx_test_key"}
BIP340 = {"algorithm": {"bip340secp256k1": None}, "name": "dfx_test_key"}
ED25519 = {"algorithm": {"ed25519": None}, "name": "dfx_test_key"}
VETKD = {"curve": {"bls12_381_g2": None}, "name": "dfx_test_key"}
paths = st.lists(st.binary(max_size=8), max_size=3)


# ---- derivation --------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(1, secp256k1.ORDER - 1), paths)
def test_secp256k1_derivation_works_on_public_keys(secret: int, path: list[bytes]) -> None:
    """For any key and path: deriving the secret key and deriving the public key lead to the same key."""
    key, chain = secp256k1.compressed(secret), bytes(32)
    for index in path:
        key, chain = Secp256k1.child(key, chain, index)
    derived, derived_chain = secp256k1.derive(secret, path)
    assert (secp256k1.compressed(derived), derived_chain) == (key, chain)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, ed25519.ORDER - 1), paths)
def test_ed25519_derivation_works_on_public_keys(secret: int, path: list[bytes]) -> None:
    """The same for Ed25519."""
    key, chain = ed25519.public_key(secret), bytes(32)
    for index in path:
        key, chain = Ed25519.child(key, chain, index)
    derived, derived_chain = ed25519.derive(secret, path)
    assert (ed25519.public_key(derived), derived_chain) == (key, chain)


def test_bip32_vector() -> None:
    """BIP32, test vector 1: from m/0' to m/0'/1."""
    parent = 0xEDB2E14F9EE77D26DD93B4ECEDE8D16ED408CE149B6CD80B0715A2D911A0AFEA
    chain = bytes.fromhex("47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141")
    secret, following = secp256k1.derive(parent, [(1).to_bytes(4, "big")], chain)
    expected = "03501e454bf00751f24b1b489aa925215d66af2234e3891c3b21a52bedb3cd711c"
    assert secp256k1.compressed(secret).hex() == expected
    assert following.hex() == "2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19"


def test_ed25519_key_of_a_real_canister() -> None:
    """What the network's schnorr_public_key answers h5jwf-5iaaa-aaaan-qmvoa-cai for its key_1."""
    key = bytes.fromhex("476374d9df3a8af28d3164dc2422cff894482eadd1295290b6d9ad92b2eeaa5c")
    canister = Principal.from_str("h5jwf-5iaaa-aaaan-qmvoa-cai").bytes
    chain = bytes(32)
    for index in (canister, bytes.fromhex("abcdef"), bytes.fromhex("012345")):
        key, chain = Ed25519.child(key, chain, index)
    assert key.hex() == "43f0008b26564b6da51f585ad47669dfeb1db6d94d7dd216bd304fc1f5f5e997"


def test_vetkd_derivation_vector() -> None:
    """A vector of the network's client library for the offsets that are added to a public key."""
    master = bytes.fromhex(
        "9183b871aa141d15ba2efc5bc58a49cb6a167741364804617f48dfe11e0285696b7018f172dad1a87ed81abf27ea4c32"
        "0995041e2ee4a47b2226a2439d92a38557a7e2acc72fd157283b20f1f37ba872be235214c6a9cbba1eb2ef39deec72a5"
    )
    canister = shifted(master, vetkd.canister_offset(master, b"test-canister-id"))
    assert canister.hex() == (
        "af78a908589d332fc8b9d042807c483e73872e2aea7620bdb985b9289d5a99ebfd5ac0ec4844a4c542f6d0f12a716d94"
        "1674953cef4f38dde601ce9792db8832557eaa051733c5541fa5017465d69b62cc4d93f2079fb8c050b4bd735ef75859"
    )
    context = shifted(canister, vetkd.context_offset(canister, b"test-context"))
    assert context.hex() == (
        "a20125b8cdfc57f71b6f67e557e82c1307c1af9f728573f3b682f3b1816684f3f6aed5d8dd40a309b457a25dab7d8a14"
        "16fc0e0973000321c0c1dd844d80a5708e81fdd8338ea6433f175992fa05ef343b1e7f89a09f3b5b7c0766ccb3c624cd"
    )


def shifted(key: bytes, offset: int) -> bytes:
    point: bytes = (BlstP2Element().uncompress(key) + g2().scalar_mul(offset)).compress()
    return point


def g2() -> Any:
    return BlstP2Element().uncompress(vetkd.public_key(1))


def test_bip340_vector() -> None:
    """BIP340, test vector 0."""
    expected = (
        "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
        "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
    )
    assert secp256k1.sign_bip340(3, bytes(32)).hex() == expected


@settings(max_examples=10, deadline=None)
@given(st.integers(1, secp256k1.ORDER - 1), st.binary(max_size=40), st.sampled_from([b"", bytes(32)]))
def test_taproot_keys_verify(secret: int, message: bytes, root: bytes) -> None:
    """For any key: a signature with the tweaked secret key verifies with BIP341's output key."""
    output = Secp256k1.tweaked(secp256k1.compressed(secret), root)
    signature = secp256k1.sign_bip340(secp256k1.tweak_bip341(secret, root), message)
    assert Secp256k1.verify_bip340(output, message, signature)


# ---- through the management canister -----------------------------------------------------------------


def test_ecdsa(proxy: Proxy) -> None:
    arguments = {"derivation_path": [b"a", b""], "key_id": ECDSA}
    key = proxy.call("ecdsa_public_key", arguments)["public_key"]
    signature = proxy.call("sign_with_ecdsa", {**arguments, "message_hash": DIGEST}, PRICE)["signature"]
    assert Secp256k1.verify_ecdsa(key, DIGEST, signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key)
    halves = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    public.verify(utils.encode_dss_signature(*halves), DIGEST, ec.ECDSA(utils.Prehashed(SHA256())))
    other = proxy.call("ecdsa_public_key", {**arguments, "derivation_path": []})["public_key"]
    assert not Secp256k1.verify_ecdsa(other, DIGEST, signature)


def test_keys_of_other_canisters_can_be_asked_for(replica: Replica, proxy: Proxy) -> None:
    """From the key of a canister its derived keys follow without the replica."""
    other = Proxy(replica)
    arguments = {"derivation_path": [b"x"], "key_id": ECDSA}
    own = proxy.call("ecdsa_public_key", arguments)
    assert other.call("ecdsa_public_key", {**arguments, "canister_id": proxy.id}) == own
    root = other.call("ecdsa_public_key", {**arguments, "canister_id": proxy.id, "derivation_path": []})
    assert Secp256k1.child(root["public_key"], root["chain_code"], b"x") == (
        own["public_key"],
        own["chain_code"],
    )
    assert other.call("ecdsa_public_key", arguments) != own


def test_schnorr_on_secp256k1(proxy: Proxy) -> None:
    arguments = {"derivation_path": [b"a"], "key_id": BIP340}
    key = proxy.call("schnorr_public_key", arguments)["public_key"]
    message = b"a message of any length"
    signature = proxy.call("sign_with_schnorr", {**arguments, "message": message}, PRICE)["signature"]
    assert Secp256k1.verify_bip340(key[1:], message, signature)
    for root in (b"", bytes(range(32))):
        auxiliary = {"bip341": {"merkle_root_hash": root}}
        value = {**arguments, "message": message, "aux": auxiliary}
        signature = proxy.call("sign_with_schnorr", value, PRICE)["signature"]
        assert Secp256k1.verify_bip340(Secp256k1.tweaked(key, root), message, signature)
        assert not Secp256k1.verify_bip340(key[1:], message, signature)


def test_schnorr_on_ed25519(proxy: Proxy) -> None:
    arguments = {"derivation_path": [b"a"], "key_id": ED25519}
    key = proxy.call("schnorr_public_key", arguments)["public_key"]
    signature = proxy.call("sign_with_schnorr", {**arguments, "message": b"hello"}, PRICE)["signature"]
    Ed25519PublicKey.from_public_bytes(key).verify(signature, b"hello")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key).verify(signature, b"hallo")


def test_vetkd(proxy: Proxy) -> None:
    """The decrypted key is a BLS signature of the input under the derived public key."""
    common = {"context": b"ctx", "key_id": VETKD}
    key = proxy.call("vetkd_public_key", common)["public_key"]
    secret = 424242
    g1 = BlstP1Element().uncompress(vetkd.G1)
    transport = bytes(g1.scalar_mul(secret).compress())
    arguments = {**common, "input": b"me", "transport_public_key": transport}
    encrypted = proxy.call("vetkd_derive_key", arguments, PRICE)["encrypted_key"]
    assert len(encrypted) == 192
    first, third = (BlstP1Element().uncompress(encrypted[at : at + 48]) for at in (0, 144))
    signature = third + (-first.scalar_mul(secret))
    hashed = BlstP1Element().hash_to_group(key + b"me", b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_AUG_")
    point = BlstP2Element().uncompress(key)
    assert final_verify(miller_loop(signature, g2()), miller_loop(hashed, point))
    second = BlstP2Element().uncompress(encrypted[48:144])
    assert final_verify(miller_loop(first, g2()), miller_loop(g1, second))
    assert proxy.call("vetkd_public_key", {**common, "context": b""})["public_key"] != key
    with pytest.raises(CallRejected, match="transport public key is invalid"):
        proxy.call("vetkd_derive_key", {**arguments, "transport_public_key": bytes(48)}, PRICE)


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("sign_with_ecdsa", {"message_hash": DIGEST, "derivation_path": [], "key_id": ECDSA}),
        ("sign_with_schnorr", {"message": b"", "derivation_path": [], "key_id": ED25519}),
        (
            "vetkd_derive_key",
            {"input": b"", "context": b"", "transport_public_key": vetkd.G1, "key_id": VETKD},
        ),
    ],
)
def test_signatures_cost(replica: Replica, proxy: Proxy, method: str, value: dict[str, Any]) -> None:
    with pytest.raises(CallRejected) as caught:
        proxy.call(method, value, PRICE - 1)
    assert caught.value.code == 4
    assert caught.value.message == (
        f"{method} request sent with 9_999_999_999 cycles, but 10_000_000_000 cycles are required."
    )
    before = replica.status(proxy.id).cycles
    proxy.call(method, value, 3 * PRICE)
    assert PRICE < before - replica.status(proxy.id).cycles < 2 * PRICE, "the rest comes back"
    key = {**value["key_id"], "name": "key_1"}
    with pytest.raises(CallRejected, match="but 26_153_846_153 cycles are required"):
        proxy.call(method, {**value, "key_id": key}, PRICE)
    assert replica.unaccounted_cycles() == 0


def test_signatures_come_in_a_later_round(replica: Replica, proxy: Proxy) -> None:
    value = {"message_hash": DIGEST, "derivation_path": [], "key_id": ECDSA}
    number = proxy.send("sign_with_ecdsa", value, PRICE)
    replica.tick()
    assert replica.call_status(number).result is None
    assert replica.unaccounted_cycles() == 0
    assert len(proxy.result(number, "sign_with_ecdsa")["signature"]) == 64


def test_refused_requests(proxy: Proxy) -> None:
    base = {"derivation_path": [], "key_id": ECDSA}
    unknown = {**ECDSA, "name": "nobody"}
    for method, value, text in (
        (
            "ecdsa_public_key",
            {**base, "key_id": unknown},
            "Requested unknown threshold key: ecdsa:Secp256k1:nobody",
        ),
        ("ecdsa_public_key", {**base, "derivation_path": [b""] * 255}, "exceeds the maximum allowed 254"),
        ("sign_with_ecdsa", {**base, "message_hash": b"short"}, "message_hash must be 32 bytes, got 5"),
        (
            "sign_with_schnorr",
            {
                "message": b"",
                "derivation_path": [],
                "key_id": ED25519,
                "aux": {"bip341": {"merkle_root_hash": b""}},
            },
            "does not support aux",
        ),
        (
            "sign_with_schnorr",
            {
                "message": b"",
                "derivation_path": [],
                "key_id": BIP340,
                "aux": {"bip341": {"merkle_root_hash": b"abc"}},
            },
            "expected 0 or 32 bytes, got 3",
        ),
    ):
        with pytest.raises(CallRejected, match=text):
            proxy.call(method, value, PRICE)


def test_keys_follow_from_the_seed(replica: Replica, proxy: Proxy) -> None:
    arguments = {"derivation_path": [], "key_id": ECDSA, "canister_id": proxy.id}
    key = proxy.call("ecdsa_public_key", arguments)
    again = Proxy(Replica(engine=replica.engine, validate=False))
    assert again.id == proxy.id and again.call("ecdsa_public_key", arguments) == key
    third = Proxy(Replica(engine=replica.engine, validate=False, seed=1))
    assert third.call("ecdsa_public_key", arguments) != key
