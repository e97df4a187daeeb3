"""Patches applied exactly: every context and removed line must stand where the patch says, or it is an error.

``patch`` and ``git apply`` look for a hunk nearby when it does not fit; a patch that lands in another place
than its author saw is a fault that no test may notice.  So the hunks are applied here, at the given lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from cpython.faults import BuildFault

__all__ = [
    "FilePatch",
    "Hunk",
    "PatchFault",
    "apply_folder",
    "apply_text",
    "parse_patch",
    "patch_header",
    "read_latin1",
    "relabelled",
]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_NEWLINE = "\\ No newline at end of file"
HEADER_FIELDS = ("Why", "Upstream", "Test")


class PatchFault(BuildFault):
    """A patch is malformed or does not fit its source."""


@dataclass
class Hunk:
    """``old`` must be the lines of the source from line ``start`` (from 1; 0 inserts at the top)."""

    start: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@dataclass
class FilePatch:
    """The hunks for one file; ``path`` is relative to the source's top folder."""

    path: str
    hunks: list[Hunk] = field(default_factory=list)


def patch_header(text: str) -> dict[str, str]:
    """The fields before the first file of a patch: ``Why``, ``Upstream``, ``Test``; all must be there."""
    fields: dict[str, str] = {}
    current = ""
    for line in text.split("\n"):
        if line.startswith("--- "):
            break
        name, colon, rest = line.partition(":")
        if colon and name in HEADER_FIELDS:
            current = name
            fields[current] = rest.strip()
        elif line.startswith("  ") and current:
            fields[current] += " " + line.strip()
    missing = [name for name in HEADER_FIELDS if not fields.get(name)]
    if missing:
        raise PatchFault(
            f"the header lacks {', '.join(missing)}", remedy="say why, upstream status and the test"
        )
    return fields


def parse_patch(text: str, *, strict: bool = True) -> list[FilePatch]:
    """Parse a unified diff.  New, deleted and renamed files are refused: none of our patches needs them.

    With ``strict`` off they are passed over, for patches of others of which a part is wanted.
    """
    files: list[FilePatch] = []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("--- ") and index + 1 < len(lines) and lines[index + 1].startswith("+++ "):
            files.append(FilePatch(_target(line, lines[index + 1], strict)))
            index += 2
        elif line.startswith("@@ "):
            if not files:
                raise PatchFault(f"line {index + 1}: a hunk before any file name")
            index = _parse_hunk(lines, index, files[-1])
        else:
            if strict and files and line[:1] in {"+", "-"}:
                raise PatchFault(f"line {index + 1}: a changed line outside of a hunk")
            index += 1
    if not files or not all(file.hunks for file in files):
        raise PatchFault("no hunk in it")
    return files


def apply_text(text: str, patch: FilePatch) -> str:
    """The patched text; raises :class:`PatchFault` when a hunk does not stand exactly where it says."""
    source = text.splitlines(keepends=True)
    result: list[str] = []
    done = 0
    for hunk in patch.hunks:
        first = hunk.start if not hunk.old else hunk.start - 1
        if first < done:
            raise PatchFault(f"{patch.path}: hunks overlap or are out of order at line {hunk.start}")
        found = source[first : first + len(hunk.old)]
        if found != hunk.old:
            line = first + next(
                (n for n, pair in enumerate(zip(found, hunk.old)) if pair[0] != pair[1]), len(found)
            )
            raise PatchFault(
                f"{patch.path}: line {line + 1} is not what the patch expects",
                cause="the patch was made for another version of the source",
                remedy="make the patch again from the pinned source; it is never applied with fuzz or offset",
            )
        result += source[done:first]
        result += hunk.new
        done = first + len(hunk.old)
    return "".join(result + source[done:])


def apply_folder(patches: Path, source: Path) -> list[str]:
    """Apply all ``*.patch`` files of a folder to a source tree in order; returns their names."""
    names = []
    for path in sorted(patches.glob("*.patch")) if patches.is_dir() else []:
        try:
            text = path.read_text("utf-8")
            patch_header(text)
            for file in parse_patch(text):
                target = source / file.path
                after = apply_text(read_latin1(target), relabelled(file))
                with open(target, "w", encoding="latin-1", newline="") as handle:
                    handle.write(after)
        except PatchFault as fault:
            raise PatchFault(f"{path}: {fault.what}", cause=fault.cause, remedy=fault.remedy) from fault
        except OSError as error:
            raise PatchFault(
                f"{path}: {error}", cause="the patch names a file that the source lacks"
            ) from error
        names.append(path.name)
    return names


def read_latin1(path: Path) -> str:
    """A file's text; latin-1 maps every byte to itself: CPython's tree holds files in several encodings."""
    with open(path, encoding="latin-1", newline="") as handle:
        return handle.read()


def relabelled(file: FilePatch) -> FilePatch:
    """The same patch with its UTF-8 lines spelt as latin-1, as the source is read."""
    hunks = [
        Hunk(hunk.start, [_relabel(line) for line in hunk.old], [_relabel(line) for line in hunk.new])
        for hunk in file.hunks
    ]
    return FilePatch(file.path, hunks)


def _relabel(line: str) -> str:
    return line.encode("utf-8").decode("latin-1")


def _target(old: str, new: str, strict: bool) -> str:
    names = [line[4:].split("\t")[0].strip() for line in (old, new)]
    stripped = [name.split("/", 1)[-1] for name in names]
    if not strict and "/dev/null" in names:
        return ""
    if "/dev/null" in names or stripped[0] != stripped[1]:
        raise PatchFault(f"{names[0]} → {names[1]}: only changes of existing files are supported")
    if stripped[0].startswith("/") or ".." in stripped[0].split("/"):
        raise PatchFault(f"{stripped[0]}: leaves the source folder")
    return stripped[0]


def _parse_hunk(lines: list[str], index: int, file: FilePatch) -> int:
    match = _HUNK.match(lines[index])
    if match is None:
        raise PatchFault(f"line {index + 1}: not a hunk header")
    start = int(match[1])
    old_left, new_left = (int(match[group]) if match[group] is not None else 1 for group in (2, 4))
    hunk = Hunk(start)
    index += 1
    while old_left or new_left:
        if index >= len(lines):
            raise PatchFault(f"{file.path}: the patch ends inside a hunk")
        mark, rest = lines[index][:1] or " ", lines[index][1:] + "\n"
        if mark not in {" ", "-", "+"}:
            raise PatchFault(f"line {index + 1}: the hunk is shorter than its header says")
        if mark != "+":
            hunk.old.append(rest)
            old_left -= 1
        if mark != "-":
            hunk.new.append(rest)
            new_left -= 1
        index += 1
        if index < len(lines) and lines[index] == _NO_NEWLINE:
            for side in ([hunk.old] if mark != "+" else []) + ([hunk.new] if mark != "-" else []):
                side[-1] = side[-1][:-1]
            index += 1
    if old_left < 0 or new_left < 0:
        raise PatchFault(f"{file.path}: the hunk is longer than its header says")
    file.hunks.append(hunk)
    return index
