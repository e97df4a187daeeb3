"""The management canister as canisters call it: the web, keys, canisters, code, snapshots, logs."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from basilisk.candid import parse_did, same_type
from basilisk.replica.management.keys import vetkd
from basilisk.replica.management.outcalls import HttpRequest, HttpResponse
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica, build_program, expect_reject
from tests.unit.replica.management.curves import Secp256k1

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def controller(replica: LocalReplica, artefact: Found) -> Canister:
    return replica.deploy(HERE / "controller.py", cycles=10**15)


def test_a_request_with_a_transformation(controller: Canister, replica: LocalReplica) -> None:
    """The request arrives as it was made, its price is attached, and the transformation sees the response."""
    seen: list[HttpRequest] = []

    def web(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(201, [("Date", "today")], b"42")

    replica.http_responder = web
    answer = controller.fetch("https://example.com/ü", 1_000)
    assert answer == {"status": 201, "headers": [], "body": b"42!"}
    (request,) = seen
    assert (request.method, request.url, request.body) == ("POST", "https://example.com/ü", b"question")
    assert request.headers == (("Accept", "text/plain"), ("X-Ä", "ö"))
    assert request.max_response_bytes == 1_000


def test_the_price_is_exact(controller: Canister, replica: LocalReplica) -> None:
    """Without a limit the price is that of two megabytes, and nothing of it comes back."""
    replica.http_responder = lambda request: HttpResponse(204)
    status, refunded = controller.fetch_plainly("https://example.com")
    assert (status, refunded) == (204, 0)


def test_a_request_of_one_node(controller: Canister, replica: LocalReplica) -> None:
    replica.http_responder = lambda request: HttpResponse(500 if request.replicated else 200)
    assert controller.fetch_alone("https://example.com") == 200


def test_a_transformation_by_name(controller: Canister, replica: LocalReplica) -> None:
    replica.http_responder = lambda request: HttpResponse(200)
    assert controller.fetch_with("strip") == 200
    with expect_reject("'without_headers' is no method of this canister"):
        controller.fetch_with("without_headers")


def test_randomness(controller: Canister) -> None:
    first, second = controller.random_bytes(), controller.random_bytes()
    assert len(first) == len(second) == 32
    assert first != second


def test_ecdsa_signatures_verify(controller: Canister) -> None:
    digest = hashlib.sha256(b"message").digest()
    key, signature = controller.ecdsa(digest)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key)
    halves = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
    public.verify(utils.encode_dss_signature(*halves), digest, ec.ECDSA(utils.Prehashed(SHA256())))


def test_schnorr_signatures_verify(controller: Canister) -> None:
    key, signature = controller.ed25519(b"message")
    Ed25519PublicKey.from_public_bytes(key).verify(signature, b"message")
    key, signature = controller.bip340(b"message")
    assert Secp256k1.verify_bip340(key[1:], b"message", signature)


def test_vetkeys_and_keys_that_do_not_exist(controller: Canister) -> None:
    from pyblst import BlstP1Element

    transport = bytes(BlstP1Element().hash_to_group(b"x", b"y").compress())
    assert len(transport) == 48 and vetkd.ORDER > 0
    assert controller.vetkey(transport) == 192
    assert controller.wrong_key() == "there is no key of that name on this network"
    assert not any("never awaited" in line for line in controller.control.logs)


def test_the_life_of_a_canister(controller: Canister, replica: LocalReplica) -> None:
    """Created with cycles, installed, upgraded in chunks, put back into an earlier state, deleted."""
    created = controller.create(2_000_000_000_000)
    assert controller.balance() == 2_000_000_000_000
    settings = replica.management_canister.canister_status({"canister_id": created}).settings
    assert settings.environment_variables == [{"name": "MODE", "value": "test"}]
    controller.install(_small_module())
    assert replica.status(created).module_hash is not None
    settings = controller.set_limit(1_000_000_000)
    assert settings.wasm_memory_limit == 1_000_000_000
    assert len(settings.controllers) == 2
    snapshot = controller.snapshot()
    before = replica.status(created).module_hash
    assert controller.install_again(_small_module(), 3) == 0
    assert replica.status(created).module_hash != before
    controller.restore(snapshot)
    assert replica.status(created).module_hash == before
    with expect_reject("hello"):
        replica.canister(created, "service : { fail : () -> () }").fail()
    assert any("hello" in line for line in controller.fetch_logs())
    controller.remove()
    assert created not in replica.canisters


def _small_module() -> bytes:
    """A module with a method `fail` that traps: four megabytes of Python are more than a message holds."""
    import wasmtime

    return bytes(
        wasmtime.wat2wasm(
            """(module (import "ic0" "trap" (func $trap (param i32 i32))) (memory 1)
            (data (i32.const 0) "hello")
            (func (export "canister_update fail") (call $trap (i32.const 0) (i32.const 5))))"""
        )
    )


def test_the_names_of_kybra(replica: LocalReplica, artefact: Found) -> None:
    """A program for Kybra runs as it is; records with fewer fields than today's interface are fine."""
    canister = replica.deploy(HERE / "kybra_controller.py", cycles=10**15)
    replica.http_responder = lambda request: HttpResponse(200, [("Date", "now")], b"body")
    assert canister.get_http("https://example.com") == {"status": 200, "headers": [], "body": b"body"}
    created = canister.create()
    assert 0 < canister.cycles_of(created) < 1_000_000_000_000
    assert len(canister.random_bytes()) == 32


def test_who_does_not_use_it_does_not_carry_it(artefact: Found) -> None:
    """The module is left out of programs that do not import it."""
    without = gzip.decompress(build_program(ROOT / "examples" / "counter").wasm)
    assert b"fetch_canister_logs" not in without
    assert b"fetch_canister_logs" in gzip.decompress(build_program(HERE / "controller.py").wasm)


def test_the_interface_is_the_replicas() -> None:
    """The interface that the types are made from is the one that the replica serves."""
    package = ROOT / "src" / "basilisk"
    ours = parse_did((package / "canisters" / "management.did").read_text("utf-8"))
    other = parse_did((package / "replica" / "management" / "ic.did").read_text("utf-8"))
    assert ours.service is not None and other.service is not None
    assert same_type(ours.service, other.service, ours.environment, other.environment)
