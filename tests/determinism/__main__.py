"""``./dev verify-determinism``: the whole suite, as a table.  The exit code is 1 when anything differed."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from basilisk.runtime import find
from tests.determinism.patch_stage import rows
from tests.determinism.report import Report
from tests.determinism.runtime_stage import compare_runtimes
from tests.determinism.stages import Suite

_FINDINGS = Path("build/determinism")


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="./dev verify-determinism", description=__doc__)
    parser.add_argument("--traces", type=int, default=1000, help="generated traces (default: %(default)s)")
    parser.add_argument("--programs", type=int, default=20, help="generated programs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn from (default: %(default)s)")
    parser.add_argument(
        "--pulley-every",
        type=int,
        default=2,
        metavar="N",
        help="Pulley plays one of N traces (default: %(default)s)",
    )
    parser.add_argument("--runtime", action="store_true", help="build the runtime twice as well (15 minutes)")
    parser.add_argument(
        "--patches",
        nargs="?",
        const="together",
        choices=["together", "each"],
        help="show what the runtime lacks without our patches and settings: builds three runtimes "
        "(10 minutes), or one for each (30 minutes)",
    )
    parser.add_argument("--only", action="store_true", help="nothing but --runtime and --patches")
    options = parser.parse_args()
    found = find()
    if found is None:
        parser.error("there is no runtime artefact; `./dev runtime` builds it")
    report = Report()
    os.environ.pop("BASILISK_DIFFERENTIAL_CASES", None)
    if not options.only:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            suite = Suite(report, found.path, Path(folder), _FINDINGS)
            try:
                suite.builds()
                suite.sources()
                suite.sessions()
                suite.programs(options.programs, options.seed)
                suite.traces(options.traces, options.seed, options.pulley_every)
            finally:
                suite.close()
    if options.runtime:
        compare_runtimes(report)
    if options.patches is not None:
        _patches(report, found.path, options.patches == "each")
    print(report.text())
    return 1 if report.differences else 0


def _patches(report: Report, runtime: Path, each: bool) -> None:
    table: list[tuple[str, ...]] = []
    for row in rows(runtime, report.say, each):
        shows = "yes" if row.differs else "no difference"
        table.append((row.probe.name, row.probe.what, row.with_it, row.without, shows))
    report.table(("patch or setting", "probe", "with", "without", "shown"), table)


if __name__ == "__main__":
    sys.exit(main())
