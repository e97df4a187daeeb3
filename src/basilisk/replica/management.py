"""The management canister as far as it is needed by programs: ``raw_rand``.

Installing code and the like are methods of ``Replica``.  A method is a function from the request to a
result; further ones register themselves in ``METHODS``.
"""

from __future__ import annotations

from collections.abc import Callable

from basilisk.replica.errors import ErrorCode
from basilisk.replica.message import Reject, Reply, Request, Result
from basilisk.replica.randomness import Randomness

__all__ = ["ManagementCanister"]

# A Candid message of one blob of 32 bytes (Candid specification, "Parameters and results"):
# magic, one type (vec nat8), one value of it, its length.
_BLOB32 = b"DIDL\x01\x6d\x7b\x01\x00\x20"
_EMPTY_ARGUMENTS = b"DIDL\x00\x00"


class ManagementCanister:
    """Answers calls to ``aaaaa-aa``."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self.methods: dict[str, Callable[[Request], Result]] = {"raw_rand": self._raw_rand}

    def __call__(self, request: Request) -> Result:
        """The result of a call."""
        method = self.methods.get(request.method)
        if method is None:
            code = ErrorCode.CANISTER_METHOD_NOT_FOUND
            text = f"Management canister has no method '{request.method}'"
            return Reject(code.reject_code, text, code.text)
        return method(request)

    def _raw_rand(self, request: Request) -> Result:
        if request.argument != _EMPTY_ARGUMENTS:
            code = ErrorCode.INVALID_MANAGEMENT_PAYLOAD
            return Reject(code.reject_code, "raw_rand takes no arguments", code.text)
        return Reply(_BLOB32 + self._randomness.draw(32))
