"""The patches are well-formed, and they are applied exactly or not at all."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cpython.cross import REPOSITORY
from cpython.patching import FilePatch, PatchFault, apply_folder, apply_text, parse_patch, patch_header

PATCHES = sorted((REPOSITORY / "patches").glob("*/*.patch"))

SOURCE = "".join(f"line {number}\n" for number in range(1, 21))
PATCH = """\
Why: an example.
Upstream: none.
Test: this one.

--- a/file.c
+++ b/file.c
@@ -9,3 +9,3 @@
 line 9
-line 10
+line ten
 line 11
"""

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "-x\n", "+y\n", "@@ z\n"]), max_size=30)


def single(text: str) -> FilePatch:
    """The only file of a patch."""
    (file,) = parse_patch(text)
    return file


@pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.name)
def test_each_patch_says_why_and_which_test(path: Path) -> None:
    """Header complete, numbered name, parses; the named test file exists where one is named."""
    text = path.read_text("utf-8")
    header = patch_header(text)
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.patch", path.name)
    assert parse_patch(text)
    for name in re.findall(r"tests/[\w/]+\.py", header["Test"]):
        assert (REPOSITORY / name).is_file(), f"{path.name} names {name}, which does not exist"


def test_patch_numbers_are_unique() -> None:
    """Two patches with one number would leave their order to chance."""
    numbers = [(path.parent.name, path.name[:4]) for path in PATCHES]
    assert len(set(numbers)) == len(numbers)


def test_a_patch_that_fits_is_applied() -> None:
    """The plain case."""
    assert apply_text(SOURCE, single(PATCH)) == SOURCE.replace("line 10\n", "line ten\n")


def test_an_offset_is_refused() -> None:
    """``patch`` would find the lines one further down and carry on; here that is an error."""
    with pytest.raises(PatchFault, match="line 9 is not what the patch expects"):
        apply_text("one more\n" + SOURCE, single(PATCH))


def test_fuzz_is_refused() -> None:
    """``patch`` would drop the first line of context; here that is an error."""
    with pytest.raises(PatchFault, match="line 9 is not what the patch expects"):
        apply_text(SOURCE.replace("line 9\n", "line nine\n"), single(PATCH))


def test_a_source_that_ends_early_is_refused() -> None:
    """The context beyond the end does not match nothing."""
    with pytest.raises(PatchFault, match="line 11 is"):
        apply_text("".join(SOURCE.splitlines(keepends=True)[:10]), single(PATCH))


def test_the_same_patch_twice_is_refused() -> None:
    """An applied patch does not fit any more."""
    with pytest.raises(PatchFault):
        apply_text(apply_text(SOURCE, single(PATCH)), single(PATCH))


def test_a_folder_is_applied_in_the_order_of_the_names(tmp_path: Path) -> None:
    """The second patch is made for what the first leaves; bytes outside UTF-8 survive."""
    (tmp_path / "patches").mkdir()
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file.c").write_bytes(SOURCE.encode() + b"\xff\n")
    (tmp_path / "patches" / "0001-one.patch").write_text(PATCH)
    second = PATCH.replace("-line 10", "-line ten").replace("+line ten", "+Zeile zehn: ä")
    (tmp_path / "patches" / "0002-two.patch").write_text(second, "utf-8")
    assert apply_folder(tmp_path / "patches", tmp_path / "source") == ["0001-one.patch", "0002-two.patch"]
    expected = SOURCE.replace("line 10\n", "Zeile zehn: ä\n").encode() + b"\xff\n"
    assert (tmp_path / "source" / "file.c").read_bytes() == expected


def test_a_patch_that_does_not_fit_names_its_file(tmp_path: Path) -> None:
    """The message says which patch, which file, which line."""
    (tmp_path / "file.c").write_text("other\n")
    (tmp_path / "0001-one.patch").write_text(PATCH)
    with pytest.raises(PatchFault, match=r"0001-one\.patch: file\.c: line"):
        apply_folder(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Why: an example.\n", "", "lacks Why"),
        ("--- a/file.c\n+++ b/file.c\n", "", "before any file name"),
        ("+++ b/file.c", "+++ b/other.c", "only changes of existing files"),
        ("--- a/file.c", "--- /dev/null", "only changes of existing files"),
        ("/file.c", "/../file.c", "leaves the source folder"),
        ("-9,3 +9,3", "-9,4 +9,4", "hunk is shorter|ends inside a hunk|not what"),
        ("-9,3 +9,3", "-9,2 +9,3", "ends inside a hunk|longer than its header"),
    ],
)
def test_malformed_patches_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Each defect has its own message; none is applied half."""
    (tmp_path / "file.c").write_text(SOURCE)
    (tmp_path / "0001-one.patch").write_text(PATCH.replace(old, new))
    with pytest.raises(PatchFault, match=message):
        apply_folder(tmp_path, tmp_path)
    assert (tmp_path / "file.c").read_text() == SOURCE


@given(before=LINES, after=LINES, context=st.integers(0, 3))
def test_a_diff_leads_from_its_source_to_its_result(
    before: list[str], after: list[str], context: int
) -> None:
    """For any two texts, applying the diff between them to the first gives the second."""
    assume(before != after)
    lines = difflib.unified_diff(before, after, "a/f", "b/f", n=context)
    assert apply_text("".join(before), single("".join(lines))) == "".join(after)


@given(before=LINES, after=LINES, extra=st.integers(1, 5))
def test_a_shifted_source_is_never_patched_silently(before: list[str], after: list[str], extra: int) -> None:
    """With lines inserted before it, a diff whose hunks have context is refused: nothing is searched for."""
    assume(before != after and before)
    patch = single("".join(difflib.unified_diff(before, after, "a/f", "b/f")))
    assume(all(hunk.old for hunk in patch.hunks))
    shifted = "".join([f"shift {number}\n" for number in range(extra)] + before)
    first = patch.hunks[0]
    assume(shifted.splitlines(keepends=True)[first.start - 1 :][: len(first.old)] != first.old)
    with pytest.raises(PatchFault):
        apply_text(shifted, patch)
