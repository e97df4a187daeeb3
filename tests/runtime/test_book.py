"""The Candid chapter of Kybra's book: programs build, interfaces and replies are the same.

The documents are read from the folder beside the checkout that holds what this project started from; without
it the tests are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from basilisk import candid
from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.types import Func, Interface, Ref, Service
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import Found
from basilisk.testing.local import LocalCanister

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "seeds"
ANYBODY = Principal.anonymous()

# Slips of the chapter: what its interface says where its own program says otherwise.
SLIPS = {
    "record": [('"threads": vec Thread', '"thread": vec Thread')],
    "variant": [("type Firework = record", "type Firework = variant")],
}
SECTIONS = (
    "text blob nat nat64 nat32 nat16 nat8 int int64 int32 int16 int8 float64 float32 bool null vec Opt "
    "record variant func service principal reserved empty"
).split()
# The program uses `yield service.update1()`; its result needs a second canister, so it is only built here.
NOT_CALLED = ("call_service",)


@dataclass(frozen=True)
class Section:
    """A type's part of the chapter: the program and the interface that it prints."""

    program: str
    did: str


@dataclass(frozen=True)
class Chapter:
    """The page-long program with its reply, and the sections by title."""

    program: str
    reply: str
    sections: dict[str, Section]


def read(text: str) -> Chapter:
    """Takes the chapter apart; its blocks are told from prose by the words before and after them."""
    program, _, rest = text.partition("\nCalling candid_types with dfx will return:\n")
    program = program[program.index("\nfrom kybra import (") + 1 :]
    reply = rest[: rest.index("\n)\n") + 2]
    parts = re.split(r"\n(Python|Candid):\n", "\n" + rest[len(reply) :])
    # parts: prose that ends with title and description, "Python", program, "Candid", interface and prose …
    sections = {}
    for index in range(0, len(parts) - 4, 4):
        title = _paragraphs(parts[index])[-2]
        assert parts[index + 1] == "Python" and parts[index + 3] == "Candid"
        blocks = []
        for paragraph in _paragraphs(parts[index + 4]):
            if not re.match(r"type \w+ = |service\b.*\{", paragraph):
                break
            blocks.append(paragraph)
        sections[title] = Section(parts[index + 2].strip("\n") + "\n", "\n".join(blocks))
    return Chapter(program, reply, sections)


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip("\n") for paragraph in text.split("\n\n") if paragraph.strip()]


def document(mark: str) -> str:
    """The document that contains ``mark``; without it the test is skipped."""
    for path in sorted(FOLDER.glob("*.txt")) if FOLDER.is_dir() else ():
        text = path.read_text(encoding="utf-8")
        if mark in text:
            return text
    pytest.skip(f"the document is not in {FOLDER}")


@pytest.fixture(scope="module")
def chapter() -> Chapter:
    """The book's chapter."""
    return read(document("\nCalling candid_types with dfx will return:\n"))


_MADE: dict[tuple[tuple[str, str], ...], tuple[Interface, bytes]] = {}


def make(folder: Path, files: dict[str, str]) -> tuple[Interface, bytes]:
    """Builds a program of these files, once; its interface and module."""
    key = tuple(sorted(files.items()))
    if key not in _MADE:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        built = build(resolve(str(folder)), output=folder / "out")
        interface = candid.parse_did(built.did.read_text(encoding="utf-8"))
        _MADE[key] = interface, built.gzip.read_bytes()
    return _MADE[key]


def deployed(interface: Interface, module: bytes) -> LocalCanister:
    """The program in a replica of its own."""
    canister = LocalCanister(Replica(), module, interface)
    canister.change_code("install", [], ANYBODY)
    return canister


def test_the_chapter_is_complete(chapter: Chapter) -> None:
    """No section is lost when the chapter is taken apart."""
    assert list(chapter.sections) == SECTIONS
    assert all(section.program and section.did for section in chapter.sections.values())


def test_the_long_program_replies_as_printed(chapter: Chapter, artefact: Found, tmp_path: Path) -> None:
    """Every type at once: the reply holds the values of the chapter, and prints as there but for layout."""
    interface, module = make(tmp_path, {"main.py": chapter.program})
    canister = deployed(interface, module)
    function = canister.method("candid_types")
    assert function is not None
    values = canister.call("candid_types", [], ANYBODY)
    types = function.results
    assert values == candid.parse_values(chapter.reply, types, interface.environment)
    printed = candid.format_values(values, types, interface.environment)
    # Quotes around words of Candid are a matter of taste.
    assert plain(printed) == plain(chapter.reply)


def plain(text: str) -> str:
    """A value's text without layout, quotes around field names and trailing separators."""
    text = re.sub(r'"(\w+)" =', r"\1 =", " ".join(text.split()))
    return re.sub(r"[;,] ([})])", r" \1", text.replace(",)", ", )"))


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_builds_to_its_interface(
    chapter: Chapter, artefact: Found, tmp_path: Path, title: str
) -> None:
    """The program as printed; types and methods are equal in structure to those of the printed interface."""
    section = chapter.sections[title]
    interface = fragment(section.program, tmp_path)
    wanted = corrected(section.did, SLIPS.get(title, ()))
    if title == "service":
        assert candid.same_type(
            Ref("SomeService"), candid.parse_type(wanted), interface.environment, interface.environment
        )
    else:
        check_interface(interface, candid.parse_did(wanted))


def corrected(text: str, slips: Sequence[tuple[str, str]]) -> str:
    """The text without the document's mistakes, each of which must be there."""
    for wrong, right in slips:
        assert wrong in text, "the document has changed"
        text = text.replace(wrong, right)
    return text


def fragment(program: str, folder: Path) -> Interface:
    """The interface of a program that may consist of classes alone."""
    if "@query" in program:
        return make(folder, {"main.py": program})[0]
    # Classes alone are no canister: a method that uses them all is put beside them.
    names = re.findall(r"^class (\w+)", program, re.M)
    arguments = ", ".join(f"x{number}: page.{name}" for number, name in enumerate(names))
    method = f"import page\nfrom kybra import query\n@query\ndef f({arguments}) -> None: ...\n"
    return make(folder, {"page.py": program, "main.py": method})[0]


def check_interface(found: Interface, printed: Interface) -> None:
    """Every printed type is there under its name, every printed method too, and nothing else."""
    assert printed.environment or printed.service is not None
    assert found.service is not None
    for name in printed.environment:
        assert name in found.environment
        assert candid.same_type(Ref(name), Ref(name), found.environment, printed.environment), name
    if printed.service is not None:
        assert [name for name, _ in printed.service.methods] == [name for name, _ in found.service.methods]
        assert candid.same_type(found.service, printed.service, found.environment, printed.environment)


@pytest.mark.parametrize("title", SECTIONS)
def test_the_methods_of_a_section_answer(
    chapter: Chapter, artefact: Found, tmp_path: Path, title: str
) -> None:
    """Methods without parameters give a value of their type; the others give back what they were given."""
    program = chapter.sections[title].program
    if "@query" not in program:
        return
    interface, module = make(tmp_path, {"main.py": program})
    canister = deployed(interface, module)
    assert isinstance(interface.service, Service)
    first: object = None
    for name, function in sorted(interface.service.methods, key=lambda item: item[0]):
        assert isinstance(function, Func)
        if name in NOT_CALLED:
            continue
        if title == "empty":
            arguments = [None] * len(function.args)
            with pytest.raises((CallRejected, candid.CandidError)):
                canister.call(name, arguments, ANYBODY)
        elif function.args:
            assert canister.call(name, [first], ANYBODY) == [first]
        else:
            (first,) = canister.call(name, [], ANYBODY)
