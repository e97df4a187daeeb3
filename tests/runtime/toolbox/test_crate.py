"""The toolbox's own tests: those that stand beside the code in Rust, run on this machine."""

from __future__ import annotations

import re

from tests.oracles.crates import REPOSITORY, build

_CRATE = "toolbox_crate"
_RECIPE = f"""\
cd "$SOURCE/{_CRATE}"
export CARGO_TARGET_DIR="$TARGET" RUSTFLAGS="-D warnings"
"$CARGO" test --locked --lib >"$OUT/tests.txt" || {{ cat "$OUT/tests.txt"; exit 1; }}
"""


def test_the_crates_own_tests() -> None:
    """All of them ran, and passed."""
    sources = (REPOSITORY / _CRATE / "src").rglob("*.rs")
    written = sum(path.read_text("utf-8").count("#[test]") for path in sources)
    told = build("toolbox-tests", [_CRATE], _RECIPE, "tests.txt").read_text("utf-8")
    (passed,) = re.findall(r"^test result: ok\. (\d+) passed; 0 failed; 0 ignored", told, re.M)
    assert int(passed) == written > 0
