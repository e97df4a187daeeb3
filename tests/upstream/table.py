"""docs/cpython-tests.md: what CPython's tests gave, from the committed results."""

from __future__ import annotations

import fnmatch
import json
import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.upstream.suite import Outcome, Report, excluded

__all__ = [
    "PAGE",
    "REASONS",
    "RESULTS",
    "applied",
    "failures",
    "load",
    "reason",
    "reasons",
    "render",
    "save",
    "unexplained",
    "write",
]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cpython-tests.md"
RESULTS = Path(__file__).with_name("results.json")
REASONS = Path(__file__).with_name("reasons.json")

Results = dict[str, dict[str, Any]]

#: How the reasons end that are not the tests' own words.
_NEEDS = (": not in a canister", ": a C module for tests only")

_HEAD = """\
<!-- Written by `./dev test-cpython`; do not edit. Reasons: tests/upstream/reasons.json. -->

# CPython's own tests

The tests of CPython {version} that concern what is in a canister, run inside canisters in the local replica:
each module in a canister of its own that has the files of `Lib/test` in its file system, under the network's
limits; a test may execute 40 billion instructions. The tests are those of the release, with the changes that
came with the security fixes of the runtime. Tests that ask for resources which CPython's own runner grants
only on request (`cpu`, `largefile`, `network`, …) are skipped as they are there.

`./dev test-cpython` runs all modules whose inputs changed since they were run last (with `--again` the others
too), `./dev test-cpython test_json` some. `./dev test-runtime tests/upstream` runs those that are part of the
test run, where a test that passed according to this page must pass.

"""


def load() -> Results:
    """The committed results by module."""
    if not RESULTS.is_file():
        return {}
    content: Results = json.loads(RESULTS.read_text(encoding="utf-8"))
    return content


def save(report: Report, state: str, version: str) -> None:
    """Merge the report into the committed results and write the page."""
    report = applied(report)
    skipped: dict[str, list[str]] = defaultdict(list)
    for row in report.outcomes:
        if row.outcome == "skipped":
            skipped[_plain(row.text)[:200]].append(row.test)
    known = load()
    known[report.module] = {
        "state": state,
        "passed": report.count("passed"),
        "skipped": {why: sorted(tests) for why, tests in sorted(skipped.items())},
        "whole": {"skipped": _plain(report.skipped or ""), "failed": _last(report.error or "")},
        "not_passed": {
            row.test: [row.outcome, _last(row.text)]
            for row in report.outcomes
            if row.outcome in ("failed", "limit")
        },
    }
    write(known, version)


def write(known: Results, version: str) -> None:
    """Write results.json and the page."""
    text = json.dumps(dict(sorted(known.items())), indent=1, sort_keys=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(render(known, version), encoding="utf-8")


def _patterns(part: str) -> dict[str, list[str]]:
    content: dict[str, dict[str, list[str]]] = json.loads(REASONS.read_text(encoding="utf-8"))
    return content[part]


def reasons() -> dict[str, list[str]]:
    """Why tests do not pass: reason → tests, or patterns with ``*`` for several."""
    return _patterns("failures")


def reason(test: str, known: dict[str, list[str]]) -> str:
    """The reason for one test, or nothing."""
    for why, tests in known.items():
        if any(fnmatch.fnmatchcase(test.removeprefix("test."), pattern) for pattern in tests):
            return why
    return ""


def applied(report: Report) -> Report:
    """The report with those failures as skipped that come from what a canister refuses, in disguise."""
    known = _patterns("refused")
    rows = []
    for row in report.outcomes:
        why = reason(row.test, known) if row.outcome in ("failed", "limit") else ""
        rows.append(Outcome(row.test, "skipped", why + _NEEDS[0]) if why else row)
    return replace(report, outcomes=rows)


def failures(results: Results) -> dict[str, str]:
    """All tests and modules that did not pass, with their outcome."""
    found: dict[str, str] = {}
    for module, entry in results.items():
        found.update({test: kind for test, (kind, _) in entry["not_passed"].items()})
        if entry["whole"]["failed"]:
            found[module] = "failed"
    return found


def unexplained(results: Results) -> list[str]:
    """Those without a reason."""
    known = reasons()
    return sorted(test for test in failures(results) if not reason(test, known))


def _plain(text: str) -> str:
    """Without addresses and the like, which differ from run to run."""
    return re.sub(r"0x[0-9a-f]+", "0x…", " ".join(text.split()))


def _last(text: str) -> str:
    return _plain((text.strip().splitlines() or [""])[-1])[:200]


def _short(name: str) -> str:
    return "`" + name.removeprefix("test.").splitlines()[0] + "`"


def _counts(entry: dict[str, Any]) -> dict[str, int]:
    kinds = Counter(kind for kind, _ in entry["not_passed"].values())
    return {
        "passed": entry["passed"],
        "skipped": sum(map(len, entry["skipped"].values())),
        "failed": kinds["failed"] + bool(entry["whole"]["failed"]),
        "limit": kinds["limit"],
    }


def render(results: Results, version: str) -> str:
    """The page."""
    rows = []
    total: Counter[str] = Counter()
    for module, entry in sorted(results.items()):
        counts = _counts(entry)
        total.update(counts)
        cells = [_short(module), sum(counts.values()), *counts.values(), _cell(entry["whole"]["skipped"])]
        rows.append("| " + " | ".join(map(str, cells)) + " |\n")
    applies = total["passed"] + total["failed"] + total["limit"]
    share = 100 * total["passed"] / applies if applies else 0.0
    return "".join(
        [
            _HEAD.format(version=version),
            f"{len(results)} modules, {sum(total.values()):,} tests: {total['passed']:,} passed, "
            f"{total['skipped']:,} skipped, {total['failed']:,} failed, {total['limit']:,} ended by the "
            f"limit of instructions. Of those that were not skipped {share:.2f} % passed.\n\n",
            "| module | tests | passed | skipped | failed | limit | why nothing was run |\n",
            "|---|--:|--:|--:|--:|--:|---|\n",
            *rows,
            "\n## Those that did not pass\n\n",
            *_why_failed(results),
            "\n## Why tests were skipped\n\n",
            *_why_skipped(results),
            "\n## Modules that are not run\n\n",
            *_why_excluded(),
        ]
    )


def _why_failed(results: Results) -> list[str]:
    known = reasons()
    grouped: dict[str, list[str]] = {why: [] for why in known}
    for test, kind in sorted(failures(results).items()):
        mark = " (limit)" if kind == "limit" else ""
        grouped.setdefault(reason(test, known), []).append(_short(test) + mark)
    return [
        f"- {why or 'No reason is known'}: {', '.join(tests)}\n" for why, tests in grouped.items() if tests
    ]


def _why_skipped(results: Results) -> list[str]:
    needs: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for entry in results.values():
        for why, tests in entry["skipped"].items():
            (needs if why.endswith(_NEEDS) else said)[why] += len(tests)
    return [
        f"{sum(needs.values()):,} tests came upon something that canisters refuse or do not have ([stdlib.md]"
        "(stdlib.md)), or need C modules that exist for CPython's tests alone:\n\n",
        *_counted(needs),
        f"\n{sum(said.values()):,} tests say themselves, in these words, that they do not apply:\n\n",
        *_counted(said),
    ]


def _counted(counter: Counter[str]) -> list[str]:
    rows = [
        f"| {_cell(why)} | {n} |\n" for why, n in sorted(counter.items(), key=lambda row: (-row[1], row[0]))
    ]
    return ["| reason | tests |\n|---|--:|\n", *rows]


def _why_excluded() -> list[str]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for name, why in excluded().items():
        grouped[why].append(_short(name))
    return ["Their subject is not in a canister.\n\n"] + [
        f"- {why}: {', '.join(names)}\n" for why, names in sorted(grouped.items())
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
