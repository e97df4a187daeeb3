"""Security fixes that came after the pinned release: taken from Debian's source package, not kept here.

``patches/fixes.json`` lists them in order: the name in Debian's series, its SHA-256, why it is taken up, the
test, and for every file it may change the SHA-256 of the file afterwards.  Changes to other files (tests,
documentation) are left out.  A fix was made against Debian's tree, so its lines may stand elsewhere than it
says; then they must stand in one place only, and the result must have the digest: nothing is left to chance.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from cpython.faults import BuildFault
from cpython.patching import FilePatch, Hunk, PatchFault, parse_patch, read_latin1, relabelled

__all__ = ["Fix", "apply_fixes", "check_fix", "fix_tests", "load_fixes"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Fix:
    """One patch of Debian's series; ``files`` maps the files it changes to their digest afterwards."""

    name: str
    debian: str
    sha256: str
    why: str
    upstream: str
    test: str
    files: dict[str, str]


def load_fixes(path: Path, source: str) -> list[Fix]:
    """The fixes for one source, in order.  Raises BuildFault when the file is malformed."""
    try:
        rows = json.loads(path.read_text("utf-8")).get(source, [])
        fixes = [Fix(**row) for row in rows]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BuildFault(
            f"{path}: the list of fixes cannot be read: {error!r}", remedy="restore it"
        ) from error
    for fix in fixes:
        if not all(map(_SHA256.fullmatch, [fix.sha256, *fix.files.values()])):
            raise BuildFault(f"{path}: {fix.name}: not a SHA-256")
    return fixes


def check_fix(fix: Fix, data: bytes) -> bool:
    """Whether ``data`` is the patch that was reviewed."""
    return hashlib.sha256(data).hexdigest() == fix.sha256


def apply_fixes(fixes: list[Fix], texts: dict[str, bytes], source: Path) -> list[str]:
    """Apply the fixes to a source tree in order; returns their names."""
    for fix in fixes:
        found = set()
        for file in parse_patch(texts[fix.name].decode("utf-8"), strict=False):
            if file.path not in fix.files:
                continue
            found.add(file.path)
            target = source / file.path
            try:
                after = _apply(read_latin1(target), relabelled(file)).encode("latin-1")
                target.write_bytes(after)
            except OSError as error:
                raise PatchFault(
                    f"{fix.name}: {error}", cause="the fix names a file that is absent"
                ) from error
            except PatchFault as fault:
                raise PatchFault(
                    f"{fix.name}: {fault.what}", cause=fault.cause, remedy=fault.remedy
                ) from fault
            if hashlib.sha256(after).hexdigest() != fix.files[file.path]:
                raise PatchFault(f"{fix.name}: {file.path} is not what was reviewed after this fix")
        if found != set(fix.files):
            raise PatchFault(f"{fix.name}: it does not change {', '.join(sorted(set(fix.files) - found))}")
    return [fix.name for fix in fixes]


def fix_tests(fixes: list[Fix], texts: dict[str, bytes], files: dict[str, bytes]) -> list[str]:
    """Apply what the fixes change in tests to ``files``, which maps paths in the source to contents.

    Returns the changes that do not fit, as "fix: path": nothing that ships depends on them.
    """
    amiss = []
    for fix in fixes:
        for patch in parse_patch(texts[fix.name].decode("utf-8"), strict=False):
            if patch.path in fix.files or patch.path not in files:
                continue
            try:
                after = _apply(files[patch.path].decode("latin-1"), relabelled(patch))
            except PatchFault:
                amiss.append(f"{fix.name}: {patch.path}")
            else:
                files[patch.path] = after.encode("latin-1")
    return amiss


def _apply(text: str, patch: FilePatch) -> str:
    """The patched text; each hunk's lines must stand where it says, or in one place only."""
    lines = text.splitlines(keepends=True)
    for hunk in patch.hunks:
        place = _place(lines, hunk, patch.path)
        lines[place : place + len(hunk.old)] = hunk.new
    return "".join(lines)


def _place(lines: list[str], hunk: Hunk, path: str) -> int:
    size = len(hunk.old)
    said = hunk.start - 1
    if lines[said : said + size] == hunk.old:
        return said
    places = [n for n in range(len(lines) - size + 1) if lines[n : n + size] == hunk.old]
    if len(places) != 1:
        raise PatchFault(
            f"{path}: the lines of the hunk at line {hunk.start} stand in {len(places)} places",
            cause="the fix was made for another version of the source",
        )
    return places[0]
