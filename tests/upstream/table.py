"""docs/cpython-tests.md: what CPython's tests gave, from the committed results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from tests.upstream.suite import Report

__all__ = ["PAGE", "RESULTS", "load", "render", "save"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cpython-tests.md"
RESULTS = Path(__file__).with_name("results.json")
REASONS = Path(__file__).with_name("reasons.json")

_HEAD = """\
<!-- Written by `./dev test-cpython`; do not edit. Reasons: tests/upstream/reasons.json. -->

# CPython's own tests

The tests of CPython {version} that concern shipped modules, run inside canisters in the local replica: each
module in a canister of its own, at most eight tests in a message, under the network's limits. Tests that ask
for resources which CPython's own runner grants only on request (`cpu`, `largefile`, `network`, …) are skipped
as they are there.

`./dev test-cpython` runs all of them, `./dev test-cpython test_json` some, and
`./dev test-runtime tests/upstream` those that are part of the test run.

"""


def save(reports: Iterable[Report], version: str) -> None:
    """Merge the reports into the committed results and write the page."""
    known = load()
    for report in reports:
        known[report.module] = {
            "passed": report.count("passed"),
            "skipped": report.count("skipped"),
            "reason": report.skipped or report.error or "",
            "not_passed": {
                row.test: [row.outcome, (row.text.strip().splitlines() or [""])[-1][:200]]
                for row in report.outcomes
                if row.outcome in ("failed", "limit")
            },
        }
    text = json.dumps(dict(sorted(known.items())), indent=1, sort_keys=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(render(known, version), encoding="utf-8")


def load() -> dict[str, dict[str, object]]:
    """The committed results by module."""
    if not RESULTS.is_file():
        return {}
    content: dict[str, dict[str, object]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return content


def reasons() -> dict[str, dict[str, str]]:
    """Why tests do not pass: ``tests`` by the beginning of the id, ``errors`` by the error's last line."""
    content: dict[str, dict[str, str]] = json.loads(REASONS.read_text(encoding="utf-8"))
    return content


def reason(test: str, error: str, known: dict[str, dict[str, str]]) -> str:
    """The reason for one test, or nothing; the longest beginning decides, then the error."""
    fitting = [prefix for prefix in known["tests"] if test.startswith(prefix)]
    if fitting:
        return known["tests"][max(fitting, key=len)]
    return next((why for pattern, why in known["errors"].items() if re.search(pattern, error)), "")


def render(results: dict[str, dict[str, object]], version: str) -> str:
    """The page."""
    why = reasons()
    rows, details = [], []
    total = {"passed": 0, "skipped": 0, "failed": 0, "limit": 0}
    for module, entry in sorted(results.items()):
        bad = entry["not_passed"]
        assert isinstance(bad, dict)
        counts = {
            "passed": int(str(entry["passed"])),
            "skipped": int(str(entry["skipped"])),
            "failed": sum(kind == "failed" for kind, *_ in bad.values()),
            "limit": sum(kind == "limit" for kind, *_ in bad.values()),
        }
        for kind, number in counts.items():
            total[kind] += number
        ran = sum(counts.values())
        note = (str(entry["reason"]).strip().splitlines() or [""])[-1]
        name = module.removeprefix("test.")
        cells = [f"`{name}`", ran, *counts.values(), reason(module, note, why) if note else ""]
        rows.append("| " + " | ".join(map(str, cells)) + " |\n")
        details += [
            f"| `{test.removeprefix('test.').splitlines()[0]}` | {kind} | {reason(test, error, why)} |\n"
            for test, (kind, error) in sorted(bad.items())
        ]
    applies = total["passed"] + total["failed"] + total["limit"]
    share = 100 * total["passed"] / applies if applies else 0.0
    parts = [
        _HEAD.format(version=version),
        f"{len(results)} modules, {applies + total['skipped']:,} tests: {total['passed']:,} passed, "
        f"{total['skipped']:,} skipped, {total['failed']:,} failed, {total['limit']:,} ended by a limit of"
        f" the network. Of those that were not skipped {share:.1f} % passed.\n\n",
        "| module | run | passed | skipped | failed | limit | remark |\n|---|--:|--:|--:|--:|--:|---|\n",
        *rows,
        "\n## Those that did not pass\n\n| test | outcome | reason |\n|---|---|---|\n",
        *details,
    ]
    return "".join(parts)
