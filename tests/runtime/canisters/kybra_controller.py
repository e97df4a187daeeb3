"""The management canister as programs for Kybra use it."""

from kybra import Async, CallResult, Principal, blob, ic, nat, query, update
from kybra.canisters.management import (
    CanisterStatusResult,
    CreateCanisterResult,
    HttpResponse,
    HttpTransformArgs,
    management_canister,
)


@update
def get_http(url: str) -> Async[HttpResponse]:
    result: CallResult[HttpResponse] = yield management_canister.http_request(
        {
            "url": url,
            "max_response_bytes": 2_000,
            "method": {"get": None},
            "headers": [],
            "body": None,
            "transform": {"function": (ic.id(), "transform"), "context": b""},
        }
    ).with_cycles(100_000_000)
    if result.Err is not None:
        ic.trap(str(result.Err))
    return result.Ok


@query
def transform(args: HttpTransformArgs) -> HttpResponse:
    response = args["response"]
    response["headers"] = []
    return response


@update
def create() -> Async[Principal]:
    result: CallResult[CreateCanisterResult] = yield management_canister.create_canister(
        {"settings": None}
    ).with_cycles(1_000_000_000_000)
    return result.Ok["canister_id"]


@update
def cycles_of(canister_id: Principal) -> Async[nat]:
    result: CallResult[CanisterStatusResult] = yield management_canister.canister_status(
        {"canister_id": canister_id}
    )
    return result.Ok["cycles"]


@update
def random_bytes() -> Async[blob]:
    result: CallResult[blob] = yield management_canister.raw_rand()
    return result.Ok
