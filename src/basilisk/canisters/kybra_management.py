# mypy: disable-error-code="empty-body"
"""What ``from kybra.canisters.management import …`` means: the management canister in Kybra's types.

The records have the fields of Kybra's, so that programs written for it pass the same dictionaries; where the
interface has grown since, the new fields are options and stay null.  New programs use
:mod:`basilisk.canisters.management`.
"""

from basilisk.composites import Record, Variant
from basilisk.generics import Alias, Opt, Vec
from basilisk.principal import Principal
from basilisk.references import Func, Query
from basilisk.scalars import blob, nat, nat32, nat64, null
from basilisk.services import Service, service_update

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = [
    "BitcoinAddress",
    "BitcoinNetwork",
    "BlockHash",
    "CanisterSettings",
    "CanisterStatus",
    "CanisterStatusArgs",
    "CanisterStatusResult",
    "CreateCanisterArgs",
    "CreateCanisterResult",
    "DefiniteCanisterSettings",
    "DeleteCanisterArgs",
    "DepositCyclesArgs",
    "EcdsaCurve",
    "EcdsaPublicKeyArgs",
    "EcdsaPublicKeyResult",
    "GetBalanceArgs",
    "GetCurrentFeePercentilesArgs",
    "GetUtxosArgs",
    "GetUtxosResult",
    "HttpHeader",
    "HttpMethod",
    "HttpRequestArgs",
    "HttpResponse",
    "HttpTransform",
    "HttpTransformArgs",
    "HttpTransformFunc",
    "InstallCodeArgs",
    "InstallCodeMode",
    "KeyId",
    "ManagementCanister",
    "MillisatoshiPerByte",
    "Outpoint",
    "Page",
    "ProvisionalCreateCanisterWithCyclesArgs",
    "ProvisionalCreateCanisterWithCyclesResult",
    "ProvisionalTopUpCanisterArgs",
    "Satoshi",
    "SendTransactionArgs",
    "SignWithEcdsaArgs",
    "SignWithEcdsaResult",
    "StartCanisterArgs",
    "StopCanisterArgs",
    "UninstallCodeArgs",
    "UpdateSettingsArgs",
    "Utxo",
    "UtxosFilter",
    "management_canister",
]

# Canisters


class CanisterSettings(Record):
    controllers: Opt[Vec[Principal]]
    compute_allocation: Opt[nat]
    memory_allocation: Opt[nat]
    freezing_threshold: Opt[nat]


class DefiniteCanisterSettings(Record):
    controllers: Vec[Principal]
    compute_allocation: nat
    memory_allocation: nat
    freezing_threshold: nat


class CreateCanisterArgs(Record):
    settings: Opt[CanisterSettings]


class CreateCanisterResult(Record):
    canister_id: Principal


class UpdateSettingsArgs(Record):
    canister_id: Principal
    settings: CanisterSettings


class InstallCodeMode(Variant, total=False):
    install: null
    reinstall: null
    upgrade: null


class InstallCodeArgs(Record):
    mode: InstallCodeMode
    canister_id: Principal
    wasm_module: blob
    arg: blob


class UninstallCodeArgs(Record):
    canister_id: Principal


class StartCanisterArgs(Record):
    canister_id: Principal


class StopCanisterArgs(Record):
    canister_id: Principal


class DeleteCanisterArgs(Record):
    canister_id: Principal


class DepositCyclesArgs(Record):
    canister_id: Principal


class CanisterStatusArgs(Record):
    canister_id: Principal


class CanisterStatus(Variant, total=False):
    running: null
    stopping: null
    stopped: null


class CanisterStatusResult(Record):
    status: CanisterStatus
    settings: DefiniteCanisterSettings
    module_hash: Opt[blob]
    memory_size: nat
    cycles: nat
    idle_cycles_burned_per_day: nat


class ProvisionalCreateCanisterWithCyclesArgs(Record):
    amount: Opt[nat]
    settings: Opt[CanisterSettings]


class ProvisionalCreateCanisterWithCyclesResult(Record):
    canister_id: Principal


class ProvisionalTopUpCanisterArgs(Record):
    canister_id: Principal
    amount: nat


# Requests to the web


class HttpHeader(Record):
    name: str
    value: str


class HttpMethod(Variant, total=False):
    get: null
    head: null
    post: null


class HttpResponse(Record):
    status: nat
    headers: Vec[HttpHeader]
    body: blob


class HttpTransformArgs(Record):
    response: HttpResponse
    context: blob


HttpTransformFunc: "TypeAlias" = Func[Query[[HttpTransformArgs], HttpResponse]]


class HttpTransform(Record):
    function: HttpTransformFunc
    context: blob


class HttpRequestArgs(Record):
    url: str
    max_response_bytes: Opt[nat64]
    method: HttpMethod
    headers: Vec[HttpHeader]
    body: Opt[blob]
    transform: Opt[HttpTransform]


# Keys


class EcdsaCurve(Variant, total=False):
    secp256k1: null


class KeyId(Record):
    curve: EcdsaCurve
    name: str


class EcdsaPublicKeyArgs(Record):
    canister_id: Opt[Principal]
    derivation_path: Vec[blob]
    key_id: KeyId


class EcdsaPublicKeyResult(Record):
    public_key: blob
    chain_code: blob


class SignWithEcdsaArgs(Record):
    message_hash: blob
    derivation_path: Vec[blob]
    key_id: KeyId


class SignWithEcdsaResult(Record):
    signature: blob


# Bitcoin

BitcoinAddress: "TypeAlias" = Alias[str]
BlockHash: "TypeAlias" = Alias[blob]
Page: "TypeAlias" = Alias[blob]
Satoshi: "TypeAlias" = Alias[nat64]
MillisatoshiPerByte: "TypeAlias" = Alias[nat64]


class BitcoinNetwork(Variant, total=False):
    mainnet: null
    testnet: null


class Outpoint(Record):
    txid: blob
    vout: nat32


class Utxo(Record):
    outpoint: Outpoint
    value: Satoshi
    height: nat32


class UtxosFilter(Variant, total=False):
    min_confirmations: nat32
    page: Page


class GetBalanceArgs(Record):
    address: BitcoinAddress
    network: BitcoinNetwork
    min_confirmations: Opt[nat32]


class GetUtxosArgs(Record):
    address: BitcoinAddress
    network: BitcoinNetwork
    filter: Opt[UtxosFilter]


class GetUtxosResult(Record):
    utxos: Vec[Utxo]
    tip_block_hash: BlockHash
    tip_height: nat32
    next_page: Opt[Page]


class GetCurrentFeePercentilesArgs(Record):
    network: BitcoinNetwork


class SendTransactionArgs(Record):
    transaction: blob
    network: BitcoinNetwork


class ManagementCanister(Service):
    """The management canister in Kybra's types."""

    @service_update
    def create_canister(self, args: CreateCanisterArgs) -> CreateCanisterResult: ...

    @service_update
    def update_settings(self, args: UpdateSettingsArgs) -> None: ...

    @service_update
    def install_code(self, args: InstallCodeArgs) -> None: ...

    @service_update
    def uninstall_code(self, args: UninstallCodeArgs) -> None: ...

    @service_update
    def start_canister(self, args: StartCanisterArgs) -> None: ...

    @service_update
    def stop_canister(self, args: StopCanisterArgs) -> None: ...

    @service_update
    def canister_status(self, args: CanisterStatusArgs) -> CanisterStatusResult: ...

    @service_update
    def delete_canister(self, args: DeleteCanisterArgs) -> None: ...

    @service_update
    def deposit_cycles(self, args: DepositCyclesArgs) -> None: ...

    @service_update
    def raw_rand(self) -> blob: ...

    @service_update
    def http_request(self, args: HttpRequestArgs) -> HttpResponse: ...

    @service_update
    def ecdsa_public_key(self, args: EcdsaPublicKeyArgs) -> EcdsaPublicKeyResult: ...

    @service_update
    def sign_with_ecdsa(self, args: SignWithEcdsaArgs) -> SignWithEcdsaResult: ...

    @service_update
    def provisional_create_canister_with_cycles(
        self, args: ProvisionalCreateCanisterWithCyclesArgs
    ) -> ProvisionalCreateCanisterWithCyclesResult: ...

    @service_update
    def provisional_top_up_canister(self, args: ProvisionalTopUpCanisterArgs) -> None: ...

    @service_update
    def bitcoin_get_balance(self, args: GetBalanceArgs) -> Satoshi: ...

    @service_update
    def bitcoin_get_utxos(self, args: GetUtxosArgs) -> GetUtxosResult: ...

    @service_update
    def bitcoin_get_current_fee_percentiles(
        self, args: GetCurrentFeePercentilesArgs
    ) -> Vec[MillisatoshiPerByte]: ...

    @service_update
    def bitcoin_send_transaction(self, args: SendTransactionArgs) -> None: ...


management_canister = ManagementCanister(Principal.management_canister())
