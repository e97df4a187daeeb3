"""``./dev fuzz``: mutated Candid messages against the codec that runs in canisters, guided by coverage."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cpython.cache import cache_root
from cpython.faults import BuildFault

from .replay import disagreements
from .seeds import collect
from .session import fuzz


def main() -> int:
    """Exit code 1 for a finding, whose input is written to a file."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=None, help="how long (default: one minute)")
    parser.add_argument("--runs", type=int, default=None, help="how many inputs, instead of --minutes")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (default 1)")
    parser.add_argument(
        "--corpus",
        type=Path,
        default=cache_root() / "fuzz",
        help="inputs to start from and to add to",
    )
    chosen = parser.parse_args()
    limit = f"-runs={chosen.runs}"
    if chosen.runs is None:
        limit = f"-max_total_time={round(60 * (1 if chosen.minutes is None else chosen.minutes))}"
    try:
        seeds = collect()
        outcome = fuzz(seeds, limit, f"-seed={chosen.seed}", corpus=chosen.corpus, echo=True)
    except BuildFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return fault.exit_code
    finding = outcome.finding
    reason = "broke a property, see above"
    if finding is None:
        print(f"comparing the host's codec on {len(outcome.corpus)} inputs of the corpus")
        differing = disagreements(seeds, outcome.corpus)
        if differing:
            finding, reason = differing[0]
    if finding is None:
        print(f"no finding in {outcome.inputs:,} inputs, {outcome.accepted:,} of them accepted")
        return 0
    place = Path("build") / "fuzz-finding"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(finding)
    print(f"error: the input in {place} {reason}: {finding.hex()}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
