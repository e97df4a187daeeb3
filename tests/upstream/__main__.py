"""``./dev test-cpython [MODULE …]``: run CPython's tests in canisters and write docs/cpython-tests.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from cpython.cache import cache_root
from cpython.pins import load_pins
from tests.upstream import table
from tests.upstream.suite import Report, Runner, listed

#: The whole text of each failure, one file a module.
TEXTS = cache_root() / "reports" / "cpython-tests"


def _line(report: Report, seconds: float) -> str:
    numbers = ", ".join(f"{report.count(kind)} {kind}" for kind in ("passed", "skipped", "failed", "limit"))
    why = (report.skipped or report.error or "").strip().splitlines()[-1:]
    work = f"{report.instructions / 1e9:.1f} billion instructions, {seconds:.0f} s"
    return f"{report.module}: {numbers} ({work}) {why[0] if why else ''}".rstrip()


def _keep(report: Report) -> str:
    rows = [row for row in report.outcomes if row.outcome in ("failed", "limit")]
    text = "".join(f"{row.outcome} {row.test}\n{row.text}\n\n" for row in rows)
    TEXTS.mkdir(parents=True, exist_ok=True)
    (TEXTS / f"{report.module}.txt").write_text((report.error or "") + text, encoding="utf-8")
    return text


def main() -> int:
    """The exit code is 1 when a test fails for which no reason is known."""
    parser = argparse.ArgumentParser(prog="./dev test-cpython", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", help="test_json, test_email.test_utils, test_unittest.* … (default: all)"
    )
    parser.add_argument(
        "--again", action="store_true", help="run modules that ran in this very state as well"
    )
    parser.add_argument("--show", action="store_true", help="print the text of each failure")
    options = parser.parse_args()
    version = load_pins().sources["cpython"].version
    names = listed(options.modules)
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder))
    known = table.load()
    if not options.modules:
        known = {name: entry for name, entry in known.items() if name in set(names)}
        table.write(known, version)
    if not options.again:
        names = [name for name in names if known.get(name, {}).get("state") != runner.state]
    print(f"{len(names)} modules to run", flush=True)
    for number, name in enumerate(names, 1):
        start = time.monotonic()
        report = runner.run(name)
        print(f"{number}/{len(names)}", _line(report, time.monotonic() - start), flush=True)
        text = _keep(report)
        if options.show:
            print(report.error or "", text)
        table.save(report, runner.state, version)
    unknown = table.unexplained(table.load())
    if unknown:
        print(f"{len(unknown)} without a reason in {table.REASONS.name}:", *unknown, sep="\n  ")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
