"""What the canisters of the running test printed."""

from __future__ import annotations

from basilisk.principal import Principal
from basilisk.testing.replica import LocalReplica

__all__ = ["Transcript"]


class Transcript:
    """Collects the logs of replicas from :meth:`begin` on."""

    def __init__(self) -> None:
        self._replicas: list[LocalReplica] = []
        # The first record of each canister that belongs to the running test.
        self._first: dict[tuple[int, Principal], int] = {}

    def add(self, replica: LocalReplica) -> None:
        """Watch a replica from now on."""
        self._replicas.append(replica)

    def remove(self, replica: LocalReplica) -> None:
        """Forget a replica."""
        self._replicas.remove(replica)
        self._first = {key: value for key, value in self._first.items() if key[0] != id(replica)}

    def begin(self) -> None:
        """A test begins: what was printed before belongs to others."""
        for replica in self._replicas:
            for canister in replica.canisters:
                records = replica.logs(canister)
                self._first[id(replica), canister] = records[-1].index + 1 if records else 0

    def text(self) -> str:
        """The lines of all canisters, each with the canister's name; empty if nothing was printed.

        Traps are left out: their text is part of the reject.
        """
        lines = []
        for replica in self._replicas:
            for canister in replica.canisters:
                first = self._first.get((id(replica), canister), 0)
                for record in replica.logs(canister):
                    if record.index >= first and not record.text.startswith("[TRAP]"):
                        lines.append(f"{replica.name_of(canister)}: {record.text.rstrip()}")
        return "\n".join(lines)
