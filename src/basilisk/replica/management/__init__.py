"""The management canister ``aaaaa-aa``.

``service`` takes calls and answers them, ``access`` says who may make them, ``methods`` does what they ask
for, ``interface`` has their types.
"""

from basilisk.replica.management.host import Machinery
from basilisk.replica.management.outcalls import HttpFailure, HttpRequest, HttpResponder, HttpResponse
from basilisk.replica.management.service import ManagementCanister

__all__ = [
    "HttpFailure",
    "HttpRequest",
    "HttpResponder",
    "HttpResponse",
    "Machinery",
    "ManagementCanister",
]
