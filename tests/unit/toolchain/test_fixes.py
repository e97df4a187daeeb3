"""Security fixes from Debian's source package: only what was reviewed, and only where it fits."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from cpython.cross import REPOSITORY
from cpython.faults import BuildFault
from cpython.fixes import Fix, apply_fixes, check_fix, fix_tests, load_fixes
from cpython.patching import PatchFault
from cpython.pins import load_pins

FIXES = REPOSITORY / "patches" / "fixes.json"
BEFORE = "".join(f"line {number}\n" for number in range(1, 21))
AFTER = BEFORE.replace("line 10\n", "line ten\n")
# Made against a tree with three more lines above, and with a change to a test that is left out.
TEXT = b"""\
Description: somebody else's words
--- a/Lib/file.py
+++ b/Lib/file.py
@@ -12,3 +12,3 @@ context
 line 9
-line 10
+line ten
 line 11
--- a/Lib/test/test_file.py
+++ b/Lib/test/test_file.py
@@ -1,1 +1,1 @@
-old
+new
--- /dev/null
+++ b/Misc/NEWS.d/next/entry.rst
@@ -0,0 +1 @@
+news
"""


def fix_of(text: bytes = TEXT, after: str = AFTER) -> Fix:
    """A fix that changes Lib/file.py."""
    digests = {"Lib/file.py": hashlib.sha256(after.encode()).hexdigest()}
    return Fix("f", "f.patch", hashlib.sha256(text).hexdigest(), "w", "u", "t", digests)


def tree(folder: Path, content: str = BEFORE) -> Path:
    """A source tree with one file."""
    (folder / "Lib").mkdir()
    (folder / "Lib" / "file.py").write_text(content, encoding="utf-8")
    return folder


def test_a_fix_is_applied_where_its_lines_stand(tmp_path: Path) -> None:
    """At an offset, and without the parts that are not listed."""
    assert apply_fixes([fix_of()], {"f": TEXT}, tree(tmp_path)) == ["f"]
    assert (tmp_path / "Lib" / "file.py").read_text(encoding="utf-8") == AFTER


def test_changes_of_tests_are_applied_to_tests_alone() -> None:
    """What a fix changes in the library is left alone there, what does not fit is named."""
    files = {"Lib/file.py": BEFORE.encode(), "Lib/test/test_file.py": b"old\n"}
    assert fix_tests([fix_of()], {"f": TEXT}, files) == []
    assert files == {"Lib/file.py": BEFORE.encode(), "Lib/test/test_file.py": b"new\n"}
    assert fix_tests([fix_of()], {"f": TEXT}, files) == ["f: Lib/test/test_file.py"]
    assert files["Lib/test/test_file.py"] == b"new\n"


def test_lines_in_two_places_are_refused(tmp_path: Path) -> None:
    """Where the lines stand twice, and not at the line that the fix says, nobody can know which is meant."""
    with pytest.raises(PatchFault, match="stand in 2 places"):
        apply_fixes([fix_of()], {"f": TEXT}, tree(tmp_path, BEFORE + BEFORE))


def test_lines_that_differ_are_refused(tmp_path: Path) -> None:
    """No fuzz: one different line of context is enough."""
    with pytest.raises(PatchFault, match="stand in 0 places"):
        apply_fixes([fix_of()], {"f": TEXT}, tree(tmp_path, BEFORE.replace("line 11\n", "line 11 \n")))


def test_another_result_than_reviewed_is_refused(tmp_path: Path) -> None:
    """The digest of the file afterwards is part of the list."""
    with pytest.raises(PatchFault, match="not what was reviewed"):
        apply_fixes([fix_of(after=BEFORE)], {"f": TEXT}, tree(tmp_path))


def test_a_fix_must_change_every_file_that_is_listed(tmp_path: Path) -> None:
    """A shortened patch does not pass for the whole."""
    fix = replace(fix_of(), files={**fix_of().files, "Lib/other.py": "0" * 64})
    with pytest.raises(PatchFault, match=r"does not change Lib/other\.py"):
        apply_fixes([fix], {"f": TEXT}, tree(tmp_path))


def test_other_bytes_are_not_the_fix() -> None:
    """Checked before anything is applied."""
    assert check_fix(fix_of(), TEXT)
    assert not check_fix(fix_of(), TEXT + b"\n")


def test_the_list_is_well_formed() -> None:
    """Every source is pinned; names are unique; each fix says why and where it is tested."""
    for source in load_pins().sources:
        fixes = load_fixes(FIXES, source)
        assert len({fix.name for fix in fixes}) == len(fixes)
        assert all(fix.why and fix.upstream and fix.test and fix.files for fix in fixes)
    assert load_fixes(FIXES, "cpython")


def test_a_damaged_list_is_a_clear_fault(tmp_path: Path) -> None:
    """Not a traceback."""
    (tmp_path / "fixes.json").write_text('{"cpython": [{"name": "x"}]}', encoding="utf-8")
    with pytest.raises(BuildFault, match="cannot be read"):
        load_fixes(tmp_path / "fixes.json", "cpython")
