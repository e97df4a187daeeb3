"""Kybra's README, block by block: programs build, do what the text says, and have the printed interface.

What is missing or wrong in a block is in :mod:`tests.runtime.kybra.cases`; the table in docs/kybra.md says
the same.  Without the document beside the checkout these tests are skipped, except that of the table.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from basilisk import candid
from basilisk.candid.types import Func, Interface, Ref
from basilisk.errors import CallRejected, ProgramError
from basilisk.migrate import migrate_sources
from basilisk.runtime import Found
from tests.runtime.kybra.cases import CASES, Case
from tests.runtime.kybra.document import FOLDER, Block, blocks, document, read, sections
from tests.runtime.kybra.world import Builder, World

TABLE = Path(__file__).resolve().parents[2] / "docs" / "kybra.md"

# Sections whose blocks are commands for a shell or an editor, to install Kybra of its time and to deploy.
NO_PROGRAMS = {
    "Installation/Python 3.10.7",
    "Installation/Rust",
    "Installation/dfx",
    "Installation/Python VS Code Extension",
    "Installation/Common Errors",
    "Deployment/Local Deployment",
    "Contributing/Publishing to PyPI",
    "Contributing/Local Development",
}
# Slips of the printed interfaces: they say something else than the program above them.
INTERFACE_SLIPS = {
    "record": ('"threads": vec Thread', '"thread": vec Thread'),
    "variant": ("type Firework = record", "type Firework = variant"),
    "empty": ('    "get_empty": () -> (empty) query;\n', ""),
}
TYPES = [name for name in CASES if name.startswith("Candid Types/")]
# Those in which most changes; the others differ in an import from what is tested anyway.
MIGRATED = [
    name
    for name in CASES
    if name.startswith(
        ("Call APIs/call", "Call APIs/msg cycles ref", "Call APIs/re", "Canister Methods/http")
    )
    or name in ("Call APIs/notify", "Candid Types/opt", "Candid Types/int", "Candid Types/func")
]
CORRECTED = [name for name, case in CASES.items() if case.edits]


@pytest.fixture(scope="module")
def readme() -> list[Block]:
    """The blocks of the README."""
    text = document()
    if text is None:
        pytest.skip(f"the document is not in {FOLDER}")
    return read(text)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> Builder:
    """Builds programs once for all tests here."""
    return Builder(lambda: tmp_path_factory.mktemp("program"))


def printed(readme: list[Block], name: str) -> str:
    """The program of a section."""
    (program,) = [block.text for block in blocks(readme, name) if block.is_program]
    return program


def complete(program: str, case: Case) -> dict[str, str]:
    """The files of a canister with this block; each of the edits must change something."""
    for old, new in case.edits:
        assert old in program, f"the document has no {old!r} any more"
        program = program.replace(old, new)
    return {"page.py": program, "main.py": case.around} if case.around else {"main.py": program}


@pytest.mark.parametrize("name", CASES)
def test_a_block_does_what_its_text_says(readme: list[Block], make: Builder, name: str) -> None:
    """The block, completed or corrected as the table says, in a replica."""
    case = CASES[name]
    case.check(World(make, make(complete(printed(readme, name), case))))


@pytest.mark.parametrize("name", MIGRATED)
def test_a_migrated_block_does_the_same(readme: list[Block], make: Builder, name: str) -> None:
    """After `basilisk migrate` the same checks hold, and nothing of Kybra is left."""
    case = CASES[name]
    files, _ = migrate_sources(complete(printed(readme, name), case))
    assert not any(re.search(r"kybra|\byield\b|Async", text) for text in files.values())
    case.check(World(make, make(files)))


@pytest.mark.parametrize("name", CORRECTED)
def test_what_is_wrong_with_a_block_as_printed_is_said(readme: list[Block], make: Builder, name: str) -> None:
    """Where something was added, the block alone ends in an error that names the cause."""
    case, program = CASES[name], {"main.py": printed(readme, name)}
    if case.called:
        world = World(make, make(program))
        with pytest.raises(CallRejected, match=case.error):
            world.canister.call(case.called, "text")
    else:
        with pytest.raises(ProgramError, match=case.error):
            make(program)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_the_printed_interface(readme: list[Block], make: Builder, name: str) -> None:
    """Every printed type and method is there, equal in structure."""
    case = CASES[name]
    (text,) = [block.text for block in blocks(readme, name) if block.is_interface]
    slip = INTERFACE_SLIPS.get(name.partition("/")[2])
    if slip is not None:
        assert slip[0] in text, "the document has changed"
        text = text.replace(*slip)
    wanted = candid.parse_did(text)
    found = make(complete(printed(readme, name), case)).interface
    if name == "Candid Types/null":
        # None as a result means no result, as everywhere in Python; callers of either interface read null.
        relation = candid.compare_interfaces(wanted, found)
        assert relation.compatible and relation.reversible and not relation.added
        return
    assert wanted.environment or wanted.service is not None
    for type_name in wanted.environment:
        assert same(Ref(type_name), found, wanted), type_name
    assert wanted.service is not None or case.around
    for method, _ in wanted.service.methods if wanted.service is not None else ():
        assert candid.same_type(
            function(found, method), function(wanted, method), found.environment, wanted.environment
        ), method


def same(ref: Ref, found: Interface, wanted: Interface) -> bool:
    """Whether a type of this name means the same in both."""
    return ref.name in found.environment and candid.same_type(ref, ref, found.environment, wanted.environment)


def function(interface: Interface, name: str) -> Func:
    """The type of a method."""
    assert interface.service is not None
    found = dict(interface.service.methods)[name]
    assert isinstance(found, Func)
    return found


def test_no_block_is_left_out(readme: list[Block]) -> None:
    """Every section with blocks has a case or is no program; every case has a section."""
    found = sections(readme)
    assert [name for name in found if name not in NO_PROGRAMS] == list(CASES)
    assert NO_PROGRAMS <= set(found)
    for name, parts in found.items():
        kinds = [part.is_program for part in parts]
        assert kinds.count(True) == (name in CASES), name
        assert [part.is_interface for part in parts].count(True) == (name in TYPES), name


def test_the_project_file_of_the_document_builds(
    readme: list[Block], artefact: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dfx.json and src/main.py as printed are a project: `basilisk build` finds name, entry and interface."""
    from click.testing import CliRunner

    from basilisk.cli.app import app

    (settings,) = [block.text for block in blocks(readme, "Installation/Kybra") if block.language == "json"]
    (tmp_path / "dfx.json").write_text(settings, encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text(printed(readme, "Installation/Kybra"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["build"])
    assert result.exit_code == 0, result.output
    interface = candid.parse_did((tmp_path / "src" / "main.did").read_text(encoding="utf-8"))
    assert interface.service is not None
    assert [name for name, _ in interface.service.methods] == ["hello_world"]
    assert (tmp_path / ".basilisk" / "hello_world" / "hello_world.wasm.gz").is_file()


def test_the_table_in_the_documentation_is_complete() -> None:
    """docs/kybra.md lists every section with the status that is tested here, in the same order."""
    rows = []
    chapter = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"### (.*)", line)
        row = re.match(r"\| (.+?) \| (as printed|completed|corrected|no program) \|", line)
        if heading:
            chapter = heading[1]
        elif row:
            rows.append((f"{chapter}/{row[1]}", row[2]))
    programs = [(name, case.status) for name, case in CASES.items()]
    assert [row for row in rows if row[1] != "no program"] == programs
    assert {name for name, status in rows if status == "no program"} == NO_PROGRAMS
    assert len(rows) == len(programs) + len(NO_PROGRAMS)
