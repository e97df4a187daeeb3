"""The bridge's module in a canister, and on the host a stand-in that says so."""

from __future__ import annotations

from basilisk.faults import OutsideCanister

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    system: Any
else:
    try:
        import _basilisk_ic as system
    except ImportError:

        class _Host:
            """Stands in for the System API on the host: every function says that it needs a canister."""

            def __getattr__(self, name):
                raise OutsideCanister(
                    f"ic.{name} works only inside a canister; build the program and call it with "
                    "'basilisk run'"
                )

        system = _Host()

__all__ = ["in_canister", "system"]


def in_canister() -> bool:
    """Whether this is the runtime (at build time as well) rather than a Python on the host."""
    return type(system).__name__ == "module"
