"""``./dev bench files``: instructions of operations on files, in the heap and in stable memory."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from basilisk.errors import BasiliskError
from basilisk.testing import Canister, LocalReplica
from benchmarks.markdown import table

PROGRAM = Path(__file__).parent / "program"
BASES = ("/tmp", "/stable")

#: What is shown, method, and by how much the count is divided: by bytes or by operations.
CASES: tuple[tuple[str, str, int, str], ...] = (
    ("append 100 bytes, file open, no buffer", "appends", 100_000, "byte"),
    ("the same through Python's buffer", "buffered_appends", 100_000, "byte"),
    ("append 100 bytes, with open and close", "opened_appends", 10_000, "byte"),
    ("write 1 MiB at once", "one_write", 1 << 20, "byte"),
    ("write 1 MiB again over it", "overwrite", 1 << 20, "byte"),
    ("write 1 MiB in pieces of 8 KiB", "pieces", 1 << 20, "byte"),
    ("read 1 MiB", "read", 1 << 20, "byte"),
    ("1,000 new files of 100 bytes", "small_files", 1000, "file"),
    ("remove these", "remove_files", 1000, "file"),
    ("", "large_file", 1, ""),
    ("write 100 bytes anywhere in 10 MB", "rewrites", 100_000, "byte"),
    ("`os.stat`", "stat", 100, "call"),
    ("", "make_table", 1, ""),
    ("sqlite3, 1,000 inserts in a transaction", "one_transaction", 1000, "row"),
    ("sqlite3, 100 transactions of one insert", "transactions", 100, "transaction"),
    ("the same, `journal_mode = truncate`", "transactions_truncate", 100, "transaction"),
    ("the same, `journal_mode = persist`", "transactions_persist", 100, "transaction"),
    ("the same, `journal_mode = memory`", "transactions_memory", 100, "transaction"),
    ("sqlite3, a row by its key", "selects", 100, "query"),
)


def measure(canister: Canister, base: str) -> dict[str, int]:
    """Instructions of each case in a folder: the whole message, without what an empty method takes."""
    canister.call("nothing", base)
    canister.call("nothing", base)
    empty = canister.last.instructions
    counts = {}
    for _, method, _, _ in CASES:
        canister.call(method, base)
        counts[method] = canister.last.instructions - empty
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, or with ``--json`` the counts."""
    parser = argparse.ArgumentParser(prog="benchmarks files", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args(arguments)
    try:
        replica = LocalReplica()
        counts = {base: measure(replica.deploy(PROGRAM), base) for base in BASES}
    except BasiliskError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(counts, indent=1))
        return 0
    print("Instructions, in the heap and in stable memory.\n")

    def share(count: int, parts: int) -> str:
        return f"{count / parts:,.1f}" if count < 100 * parts else f"{count // parts:,}"

    rows = [
        (text, f"a {unit}", *(share(counts[base][method], parts) for base in BASES))
        for text, method, parts, unit in CASES
        if text
    ]
    print(table(("", "for", *BASES), rows, text_columns=(0, 1)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
