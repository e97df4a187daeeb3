"""Generated bindings say what the interface says, pass type checkers, and are laid out as ruff would."""

from __future__ import annotations

import subprocess
import sys
import types as python_types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import basilisk
from basilisk.annotations import Resolver
from basilisk.bindings import make_bindings
from basilisk.candid import CandidError, format_did, parse_did, same_type
from basilisk.candid.types import Environment, Interface, Ref, Type
from basilisk.cli.app import app
from basilisk.interface import InterfaceMaker
from basilisk.signatures import Signature
from tests.unit.candid.strategies import interfaces

SOURCE = Path(basilisk.__file__).parents[1]
MANAGEMENT = SOURCE / "basilisk" / "replica" / "management" / "ic.did"

TRICKY = """
// A list.
type List = opt record { head : int; tail : List };
type Same = opt Same;
type Nest = vec Nest;
type Callback = func (text, "from" : Nest) -> (opt Callback) query;
type None = null;
type Record = record { "class" : nat8; 5 : text; "two words" : bool; "__hidden" : nat; text : text };
type class_like = variant { Ok; Err : record { code : nat16; why : opt text }; "async" : List };
type node = record { /* not a comment on left */ left : opt node; right : opt node; pair : Pair };
type Pair = record { nat; int };
type Shape = service { area : () -> (float64) query; grow : Callback };

/* What is kept here.
 * In two lines, with "quotes" and a \\ in the middle.
 */
service keeper : (nat, record { owner : principal }) -> {
  // Finds "a shape"
  find : (name : text, "None" : None) -> (opt Shape) query;
  "import" : (Record, vec class_like) -> (nat, "the rest" : blob);
  notify : (node) -> () oneway;
  canister_id : (record { self : principal }) -> (variant { Ok : record {}; Err : empty }) composite_query;
  nat : (reserved, self : record { opt nat8; record { x : record { y : text } } }) -> ();
  very_long_name_of_a_method_that_needs_many_lines : (
    first_argument : vec opt record { text; vec nat8 }, second_argument : func (nat, nat) -> (nat), last : int
  ) -> (opt vec opt vec opt vec opt nat);
}
"""


@contextmanager
def module(text: str) -> Iterator[dict[str, Any]]:
    """The names of the module whose text was generated; it can be imported as ``generated_bindings``."""
    made = python_types.ModuleType("generated_bindings")
    sys.modules[made.__name__] = made
    try:
        exec(compile(text, "generated_bindings.py", "exec"), made.__dict__)
        yield made.__dict__
    finally:
        del sys.modules[made.__name__]


def meaning(annotation: object) -> tuple[Type, Environment]:
    """The Candid type of an annotation."""
    from basilisk.scopes import Scope

    signature = Signature()
    signature.arguments = (Resolver().node(annotation, Scope("main", {}, "f")),)
    signature.names = ("x",)
    interface = InterfaceMaker([("f", "query", signature)], None).interface()
    assert interface.service is not None
    function: Any = interface.service.methods[0][1]
    return function.args[0].type, interface.environment


def assert_same(interface: Interface, text: str, name: str) -> None:
    assert interface.service is not None
    with module(text) as names:
        type_, environment = meaning(names[name])
        assert same_type(interface.service, type_, interface.environment, environment)
        if interface.init_args:
            given, environment = meaning(names["InitArguments"])
            while isinstance(given, Ref):
                given = environment[given.name]
            fields: Any = given
            assert len(fields.fields) == len(interface.init_args)
            for argument, field in zip(interface.init_args, fields.fields):
                assert same_type(argument.type, field.type, interface.environment, environment)


@settings(max_examples=150)
@given(interfaces())
def test_bindings_mean_what_the_interface_means(interface: Interface) -> None:
    """For every interface: the Candid type of the generated Service class is that of the service, and the
    types of InitArguments are those of the init arguments."""
    text = make_bindings(format_did(interface), source="some.did", name="Generated")
    assert_same(interface, text, "Generated")


@settings(max_examples=50)
@given(interfaces(), st.integers(40, 120))
def test_the_text_depends_on_the_interface_alone(interface: Interface, width: int) -> None:
    """The same interface gives the same text, and another width of lines the same module."""
    did = format_did(interface)
    first = make_bindings(did, line_length=width)
    assert first == make_bindings(did, line_length=width)

    def words(text: str) -> str:
        body = text.partition("__all__")[2]
        return "".join(body.replace("#", "").split()).replace(",)", ")").replace(",]", "]")

    assert words(first) == words(make_bindings(did, line_length=10_000))


@pytest.mark.parametrize("source", ["tricky", "management"])
def test_bindings_of_known_interfaces(source: str) -> None:
    did = TRICKY if source == "tricky" else MANAGEMENT.read_text("utf-8")
    interface = parse_did(did)
    assert_same(interface, make_bindings(did, name="Generated"), "Generated")


def test_long_comments_are_wrapped() -> None:
    comment = "word " * 60
    did = f"// {comment}\ntype A = nat;\nservice : {{\n// {comment}\nf : (A) -> () }}"
    for width in (70, 88):
        text = make_bindings(did, line_length=width)
        assert max(map(len, text.splitlines())) <= width
        assert text.count("word") == 120


def test_comments_and_order() -> None:
    """Comments become docstrings, and fields and methods stand in the order of the file."""
    text = make_bindings(TRICKY, source="some/where/tricky.did")
    assert "class Keeper(Service):\n" in text
    assert (
        '    """What is kept here.\n    In two lines, with "quotes" and a \\\\ in the middle.\n    """'
        in text
    )
    assert '        """Finds "a shape\\""""\n' in text
    assert "# A list.\nList: TypeAlias = " in text
    assert "not a comment" not in text
    methods = [line.partition("(")[0].split()[1] for line in text.splitlines() if "    def " in line]
    known = ["find", "import_", "notify", "canister_id_", "nat_"]
    assert methods[-6:-1] == known
    assert text.index("left:") < text.index("right:") < text.index("pair:")


def test_the_bindings_of_the_management_canister_are_current() -> None:
    """interface.py is what the command in management.did makes."""
    package = SOURCE / "basilisk" / "canisters"
    text = (package / "management.did").read_text("utf-8")
    made = make_bindings(text, source="management.did", name="ManagementCanister", line_length=110)
    assert (package / "interface.py").read_text("utf-8") == made


def test_names_that_python_has_taken() -> None:
    text = make_bindings(TRICKY)
    for line in (
        'class_: Annotated[nat8, Name("class")]',
        "_5: Annotated[str, Name(5)]",
        'two_words: Annotated[bool, Name("two words")]',
        'hidden: Annotated[nat, Name("__hidden")]',
        "    text: str\n",
        'async_: Annotated[List, Name("async")]',
        "class Record_(Record):",
        "None_: TypeAlias = Alias[null]",
        '@service_update(name="import")',
        '@service_composite_query(name="canister_id")',
        '@service_update(name="nat")',
        'Name("self")',
        "-> Results[nat, blob]: ...",
        "@service_oneway\n",
    ):
        assert line in text, line


def test_types_whose_names_begin_like_words_of_typing() -> None:
    """A reference forward to ClassVariable is a field, not a ClassVar."""
    did = "type ClassVariable = record { next : opt ClassVariable }; service : { f : (ClassVariable) -> () }"
    assert_same(parse_did(did), make_bindings(did, name="Generated"), "Generated")
    assert 'next: "Opt[ClassVariable]"' in make_bindings(did)


def test_services_by_name_and_files_without_service() -> None:
    named = make_bindings("type Ledger = service { get : () -> (Ledger) query }; service : () -> Ledger")
    assert named.count("class Ledger(Service):") == 1
    assert 'def get(self) -> "Ledger": ...' in named
    chosen = make_bindings("type L = service { get : () -> (L) query }; service : L", name="Mine")
    assert "class Mine(Service):" in chosen and "class L" not in chosen
    types = make_bindings("type a_b = record { x : nat }; type Pair = record { nat; a_b };")
    assert "class AB(Record):\n    x: nat\n" in types
    assert "Pair: TypeAlias = Alias[Tuple[nat, AB]]" in types
    assert "Service" not in types
    with pytest.raises(CandidError):
        make_bindings("type A = B;")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bindings")
    (folder / "tricky.py").write_text(make_bindings(TRICKY, source="tricky.did"), encoding="utf-8")
    management = make_bindings(MANAGEMENT.read_text("utf-8"), source="ic.did")
    (folder / "management.py").write_text(management, encoding="utf-8")
    narrow = make_bindings(MANAGEMENT.read_text("utf-8"), source="ic.did", line_length=60)
    (folder / "narrow.py").write_text(narrow, encoding="utf-8")
    return folder


def test_bindings_are_formatted(written: Path) -> None:
    """ruff changes nothing and finds nothing, at its own width and at another."""
    for width, names in (("88", ["tricky.py", "management.py"]), ("60", ["narrow.py"])):
        command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "--line-length", width]
        result = subprocess.run([*command, *names], cwd=written, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,I,UP,B,RUF022,W"]
    result = subprocess.run([*command, "."], cwd=written, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_bindings_pass_strict_type_checks(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a program that uses them, whose mistakes are found."""
    api = pytest.importorskip("mypy.api")
    (written / "use.py").write_text(
        "from basilisk import Principal\n"
        "from management import Generated as Nothing\n"
        "from tricky import Keeper, Node\n"
        "async def use(keeper: Keeper, node: Node) -> int:\n"
        "    keeper.notify({'left': node, 'right': None, 'pair': (1, -1)}).notify()\n"
        "    shape = await keeper.find('x', None)\n"
        "    keeper.notify({'left': node, 'right': None, 'pair': (1, 'x')})\n"
        "    number, rest = await keeper.import_({'class_': 1, '_5': '', 'two_words': True, 'hidden': 1,"
        " 'text': ''}, [{'Ok': None}])\n"
        "    return rest\n"
    )
    monkeypatch.setenv("MYPYPATH", str(SOURCE))
    monkeypatch.chdir(written)
    options = ["--strict", "--config-file=", f"--cache-dir={written / 'cache'}", "--no-error-summary"]
    output, errors, _ = api.run([*options, "use.py", "tricky.py", "management.py"])
    assert not errors
    found = [line.split(":")[:2] for line in output.splitlines() if ": error:" in line]
    assert found == [["use.py", "2"], ["use.py", "7"], ["use.py", "9"]], output


def test_the_command(tmp_path: Path) -> None:
    """The file is written; imports of the interface are followed; a wrong name is refused."""
    from click.testing import CliRunner

    (tmp_path / "types.did").write_text("type Amount = nat64;")
    (tmp_path / "ledger.did").write_text(
        'import "types.did";\nservice : { pay : (amount : Amount) -> (Amount) }'
    )
    runner = CliRunner()
    out = tmp_path / "made.py"
    result = runner.invoke(app, ["bindings", str(tmp_path / "ledger.did"), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert "class Ledger(Service):" in out.read_text()
    assert "def pay(self, amount: Amount) -> Amount: ..." in out.read_text()
    result = runner.invoke(app, ["bindings", str(tmp_path / "ledger.did"), "--name", "L"])
    assert "class L(Service):" in result.output
    wrong = runner.invoke(app, ["bindings", str(tmp_path / "ledger.did"), "--name", "a b"])
    assert wrong.exit_code == 64
