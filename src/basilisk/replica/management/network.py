"""HTTP outcalls to the real network, for those who allow it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import IO

from basilisk.replica.management.outcalls import HttpFailure, HttpRequest, HttpResponse

__all__ = ["fetch"]

_TIMEOUT_SECONDS = 30


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The network hands redirects to the canister."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def fetch(request: HttpRequest) -> HttpResponse:
    """Send a request.  Raises HttpFailure when there is no response.

    At most one byte more than the limit of the request is read.
    """
    opener = urllib.request.build_opener(_NoRedirects)
    sent = urllib.request.Request(
        request.url, data=request.body, headers=dict(request.headers), method=request.method
    )
    try:
        with opener.open(sent, timeout=_TIMEOUT_SECONDS) as response:
            body = response.read(request.max_response_bytes + 1)
            return HttpResponse(response.status, tuple(response.headers.items()), body)
    except urllib.error.HTTPError as error:
        with error:
            body = error.read(request.max_response_bytes + 1)
            return HttpResponse(error.code, tuple(error.headers.items()), body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HttpFailure(f"Connecting to {request.url} failed: {error}") from None
