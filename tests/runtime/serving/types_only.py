"""A canister that writes the methods itself."""

from basilisk import query
from basilisk.http import HttpRequest, HttpResponse


@query
def http_request(request: HttpRequest) -> HttpResponse:
    return {
        "status_code": 200,
        "headers": [("Content-Type", "text/plain")],
        "body": request["url"].encode(),
        "upgrade": None,
        "streaming_strategy": None,
    }
