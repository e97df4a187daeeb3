"""Who may call which method in which way.

Specification, "The IC management canister" and "Ingress validation"; the replica's ingress filter decides
about calls from outside before they are accepted.
"""

from __future__ import annotations

from dataclasses import dataclass

from basilisk.replica.canister import Canister
from basilisk.replica.ids import principal_text
from basilisk.replica.managed import Visibility
from basilisk.replica.management import refusals

__all__ = ["ACCESS", "Access", "check_controller", "check_visible"]


@dataclass(frozen=True)
class Access:
    """Ways to call a method: from outside as an update (``ingress``) or as a query, and by whom.

    ``guarded`` methods are accepted from outside only for controllers, others check their caller
    themselves.  ``effective`` names the argument with the canister that the call is about.
    """

    ingress: bool = False
    query: bool = False
    guarded: bool = True
    effective: str | None = "canister_id"


_CONTROL = Access(ingress=True)
_OPEN = Access(effective=None)
_VISIBLE = Access(ingress=True, guarded=False)

ACCESS: dict[str, Access] = {
    "create_canister": _OPEN,
    "update_settings": _CONTROL,
    "upload_chunk": _CONTROL,
    "clear_chunk_store": _CONTROL,
    "stored_chunks": _CONTROL,
    "install_code": _CONTROL,
    "install_chunked_code": Access(ingress=True, effective="target_canister"),
    "uninstall_code": _CONTROL,
    "start_canister": _CONTROL,
    "stop_canister": _CONTROL,
    "canister_status": Access(ingress=True, query=True, guarded=False),
    "canister_metrics": Access(ingress=True, query=True),
    "delete_canister": _CONTROL,
    "deposit_cycles": Access(),
    "raw_rand": _OPEN,
    "http_request": _OPEN,
    "canister_info": Access(),
    "canister_metadata": Access(),
    "ecdsa_public_key": _OPEN,
    "sign_with_ecdsa": _OPEN,
    "schnorr_public_key": _OPEN,
    "sign_with_schnorr": _OPEN,
    "vetkd_public_key": _OPEN,
    "vetkd_derive_key": _OPEN,
    "bitcoin_get_balance": _OPEN,
    "bitcoin_get_utxos": _OPEN,
    "bitcoin_send_transaction": _OPEN,
    "bitcoin_get_current_fee_percentiles": _OPEN,
    "bitcoin_get_block_headers": _OPEN,
    "node_metrics_history": _OPEN,
    "subnet_info": _OPEN,
    "provisional_create_canister_with_cycles": Access(ingress=True, guarded=False, effective=None),
    "provisional_top_up_canister": Access(ingress=True, guarded=False),
    "take_canister_snapshot": _CONTROL,
    "load_canister_snapshot": _CONTROL,
    "list_canister_snapshots": _VISIBLE,
    "delete_canister_snapshot": _CONTROL,
    "read_canister_snapshot_metadata": _VISIBLE,
    "read_canister_snapshot_data": _VISIBLE,
    "upload_canister_snapshot_metadata": _CONTROL,
    "upload_canister_snapshot_data": _CONTROL,
    "fetch_canister_logs": Access(query=True),
    "list_canisters": Access(query=True, effective=None),
}


def check_controller(canister: Canister, sender: bytes, *, itself: bool = False) -> None:
    """Raise Rejection (IC0512) unless ``sender`` controls the canister, or is it when ``itself``."""
    if sender not in canister.controllers and not (itself and sender == canister.id):
        raise refusals.not_controller(canister.id, canister.controllers, sender)


def check_visible(canister: Canister, sender: bytes, visibility: Visibility, text: str | None = None) -> None:
    """Raise Rejection unless ``sender`` is a controller or a viewer; with ``text`` it has IC0406."""
    if sender in canister.controllers or visibility.admits(sender):
        return
    if text is not None:
        raise refusals.refused(f"Caller {principal_text(sender)} {text}")
    raise refusals.not_controller(canister.id, canister.controllers, sender)
