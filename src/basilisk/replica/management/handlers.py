"""The methods of the management canister by name.

A method is a function of the service, the call and the arguments; it returns its result in Python's form
(None for no result), ``Later``, or LATER when somebody else answers.  It raises Rejection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from basilisk.replica.management.methods import (
    bitcoin,
    chunks,
    code,
    cycles,
    http,
    information,
    lifecycle,
    signing,
    snapshot_data,
    snapshots,
    subnet,
    vetkeys,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from basilisk.replica.management.call import Call
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["HANDLERS", "Handler"]

Handler = Callable[["ManagementCanister", "Call", "Mapping[str, Any]"], Any]

HANDLERS: dict[str, Handler] = {
    "create_canister": lifecycle.create_canister,
    "update_settings": lifecycle.update_settings,
    "start_canister": lifecycle.start_canister,
    "stop_canister": lifecycle.stop_canister,
    "delete_canister": lifecycle.delete_canister,
    "uninstall_code": lifecycle.uninstall_code,
    "provisional_create_canister_with_cycles": lifecycle.provisional_create_canister_with_cycles,
    "install_code": code.install_code,
    "install_chunked_code": code.install_chunked_code,
    "upload_chunk": chunks.upload_chunk,
    "stored_chunks": chunks.stored_chunks,
    "clear_chunk_store": chunks.clear_chunk_store,
    "deposit_cycles": cycles.deposit_cycles,
    "provisional_top_up_canister": cycles.provisional_top_up_canister,
    "canister_metrics": cycles.canister_metrics,
    "canister_status": information.canister_status,
    "canister_info": information.canister_info,
    "canister_metadata": information.canister_metadata,
    "fetch_canister_logs": information.fetch_canister_logs,
    "take_canister_snapshot": snapshots.take_canister_snapshot,
    "load_canister_snapshot": snapshots.load_canister_snapshot,
    "list_canister_snapshots": snapshots.list_canister_snapshots,
    "delete_canister_snapshot": snapshots.delete_canister_snapshot,
    "read_canister_snapshot_metadata": snapshot_data.read_canister_snapshot_metadata,
    "read_canister_snapshot_data": snapshot_data.read_canister_snapshot_data,
    "upload_canister_snapshot_metadata": snapshot_data.upload_canister_snapshot_metadata,
    "upload_canister_snapshot_data": snapshot_data.upload_canister_snapshot_data,
    "http_request": http.http_request,
    "raw_rand": subnet.raw_rand,
    "node_metrics_history": subnet.node_metrics_history,
    "subnet_info": subnet.subnet_info,
    "list_canisters": subnet.list_canisters,
    "ecdsa_public_key": signing.ecdsa_public_key,
    "sign_with_ecdsa": signing.sign_with_ecdsa,
    "schnorr_public_key": signing.schnorr_public_key,
    "sign_with_schnorr": signing.sign_with_schnorr,
    "vetkd_public_key": vetkeys.vetkd_public_key,
    "vetkd_derive_key": vetkeys.vetkd_derive_key,
    "bitcoin_get_balance": bitcoin.refused,
    "bitcoin_get_utxos": bitcoin.refused,
    "bitcoin_send_transaction": bitcoin.refused,
    "bitcoin_get_current_fee_percentiles": bitcoin.refused,
    "bitcoin_get_block_headers": bitcoin.refused,
}
