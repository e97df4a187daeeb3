"""Programs that cannot become canisters: kind, place, cause and remedy of each report."""

from __future__ import annotations

import sys
from functools import partial

import pytest

HEAD = """
from basilisk import *
from typing import *
from dataclasses import InitVar, dataclass, field
import collections, enum
"""
# Line of the first statement after HEAD.
FIRST = HEAD.count("\n") + 1
# Places within a line are known for exceptions since Python 3.11; the canister runs 3.13.
COLUMNS = sys.version_info >= (3, 11)


def place(program: str, mark: str) -> tuple[int, int]:
    """Line and column of the text after the mark ``¤``; the mark itself is taken out by the caller."""
    before = program[: program.index(mark)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def check(guest, body: str) -> dict:
    """Builds HEAD and body; the error must point at the ``¤``."""
    program = HEAD + body
    error = guest.error(program.replace("¤", ""))
    line, column = place(program, "¤")
    if error["kind"] == "exception" and not COLUMNS:
        column = None
    assert (error["line"], error["column"]) == (line, column), error
    assert error["file"] == "main.py"
    return error


@pytest.mark.parametrize(
    ("annotation", "message", "remedy"),
    [
        ("list", "list alone is not a type", "Vec[nat64]"),
        ("tuple", "tuple alone is not a type", "tuple[str, nat64]"),
        ("dict", "dict alone is not a type", "dict[str, nat64]"),
        ("Vec", "list alone is not a type", "Vec[nat64]"),
        ("Opt", "Opt needs a type in brackets", "Opt[nat64]"),
        ("set[str]", "is not a Candid type", "Vec[T]"),
        ("bytearray", "bytearray has no Candid type", "blob"),
        ("object", "object has no Candid type", "reserved"),
        ("Any", "Any has no Candid type", "reserved"),
        ("NoReturn", "NoReturn has no Candid type", "empty"),
        ("complex", "complex has no Candid type", "tuple[float64, float64]"),
        ("Callable[[int], int]", "is not a Candid type", "basilisk"),
        ("Literal['a']", "is not a Candid type", "basilisk"),
        ("int | str", "only in the form T | None", "Variant"),
        ("Union[int, str]", "only in the form T | None", "Variant"),
        ("Opt[int] | str", "only in the form T | None", "Variant"),
        ("tuple[nat, ...]", "a tuple of any length", "Vec[T]"),
        ("list[dict]", "dict alone is not a type", "dict[str, nat64]"),
        ("Undefined", None, None),
        ("'Undefined'", "the name 'Undefined' in the annotation 'Undefined' is not defined", "spelling"),
        ("Opt['Undefined']", "the name 'Undefined'", "spelling"),
        ("'nat64 |'", "is not a Python expression", "name of a type"),
        ("'1 / 0'", "ZeroDivisionError", "name of a type"),
        ("42", "42 is not a Candid type", "basilisk"),
        ("[nat]", "is not a Candid type", "basilisk"),
        ("print", "is not a Candid type", "basilisk"),
        ("helper", "the function helper is not a Candid type", "basilisk"),
        ("Record", "Record by itself is not a type", "class User(Record)"),
        ("Variant", "Variant by itself is not a type", "Variant"),
        ("Service", "Service by itself is not a type", "methods"),
        ("Custom", "Custom has no Candid type", "dataclass"),
        ("enum.Flag('Bits', 'A B')", "Bits has no Candid type", "nat64"),
        ("Query[[str], str]", "Query[…] is not a type by itself", "Func(Query"),
        ("Func(str)", "Func needs a signature", "Func(Query[[str], nat64])"),
        ("Func(Query[str, nat])", "must be a list", "Query[[str], nat64]"),
        ("Opt[Manual[nat]]", "Manual[…] has a meaning only as the result", "leave Manual out"),
        ("Async[nat]", "Async[…] has a meaning only as the result", "leave Async out"),
        ("T", "the type variable T has no meaning here", "Result[nat64]"),
        ("Box", "Box takes 1 type arguments, not 0", "Box[nat64]"),
        ("StableBTreeMap[str, str]", "StableBTreeMap[str, str] is not a Candid type", "Record class"),
        ("Annotated[nat, Name(1)]", "an argument has no number", "Name("),
        ("Opt[Annotated[nat, Name('x')]]", "Name(…) has no meaning here", "around the whole type"),
        ("Vec['Annotated[nat, Name(1)]']", "Name(…) has no meaning here", "around the whole type"),
        ("Func(Query[[Annotated[nat, Name(1)]], nat])", "an argument has no number", "Name("),
        (
            "Func(Update[[Annotated[nat, Name('a')], Annotated[str, Name('a')]], nat])",
            "two arguments are called 'a'",
            "rename",
        ),
        ("Func(Query[..., nat])", "must be a list", "Query[[str], nat64]"),
        ("Func(Oneway[dict])", "must be a list", "Oneway[[str]"),
        ("Func(Query[[dict], nat])", "dict alone is not a type", "dict[str, nat64]"),
        ("Func(Query[[str], set])", "set has no Candid type", "Vec[T]"),
        ("dict[str]", "is not a Candid type", "dict[str, nat64]"),
        ("dict[list[nat], nat]", "vec nat cannot be the key of a dict", "list[tuple[K, V]]"),
        ("Vec[dict[Opt[Box[nat]], nat]]", "opt Box_nat cannot be the key of a dict", "list[tuple[K, V]]"),
        ("dict[tuple[nat, list[nat]], nat]", "cannot be the key of a dict", "list[tuple[K, V]]"),
        ("Final[nat]", "is not a Candid type", "basilisk"),
        ("Type[Custom]", "is not a Candid type", "basilisk"),
        ("Generic[T]", "is not a Candid type", "basilisk"),
        ("CallResult[nat]", "CallResult has no Candid type", "Record"),
        ("ic", "is not a Candid type", "basilisk"),
        ("Custom()", "is not a Candid type", "basilisk"),
        ("...", "Ellipsis is not a Candid type", "basilisk"),
    ],
)
def test_an_annotation_without_candid_type(guest, annotation, message, remedy) -> None:
    body = f"""
T = TypeVar("T")
class Box(Record, Generic[T]):
    x: T
class Custom: pass
def helper(): pass
@query
def f(a: str, x: ¤{annotation}) -> nat:
    return 1
"""
    error = check(guest, body)
    if message is None:  # Python itself refuses the name
        assert error["kind"] == "exception" and "NameError" in error["message"]
        return
    assert error["kind"] == "annotation"
    assert message in error["message"] and remedy in error["remedy"]
    if annotation != "Box":
        assert error["parameter"] == "x" and error["function"] == "f"


def test_an_annotation_error_inside_a_class_points_there(guest) -> None:
    error = check(
        guest,
        """
class User(Record):
    name: str
    friends: ¤list
@query
def f() -> Vec[Opt[User]]: ...
""",
    )
    assert (error["function"], error["parameter"]) == ("User", "friends")


def test_an_annotation_error_in_another_module_points_there(guest) -> None:
    error = guest.error(
        HEAD + "import more\n@query\ndef f(x: more.Item): ...\n",
        more="from basilisk import *\nclass Item(Record):\n    a: nat\n    b: Vec[frozenset[nat]]\n",
    )
    assert (error["file"], error["line"], error["column"]) == ("more.py", 4, 8)
    assert (error["function"], error["parameter"]) == ("Item", "b")


@pytest.mark.parametrize(
    "declaration",
    [
        "@dataclass\nclass C:\n    a: nat\n    b: ¤set[nat]\n",
        "class C(TypedDict):\n    a: nat\n    b: ¤set[nat]\n",
        "class C(NamedTuple):\n    a: nat\n    b: ¤set[nat]\n",
        "class C(Variant, total=False):\n    a: nat\n    b: ¤set[nat]\n",
        "class C(Record):\n    a: nat\n    b: ¤'Vec[set[nat]]'\n",
        "class C(Service):\n    @service_query\n    def go(self, a: nat, b: ¤set[nat]) -> nat: ...\n",
        "class C(Service):\n    @service_update\n    def go(self) -> ¤set[nat]: ...\n",
        "class B(Record):\n    b: ¤set[nat]\nclass C(B):\n    a: nat\n",
        "class C(TypedDict):\n    a: nat\n    b: ¤NotRequired[nat]\n",
    ],
)
def test_each_kind_of_class_points_at_its_field(guest, declaration) -> None:
    """File, line and column of the annotation, wherever the type is used."""
    if "NotRequired" in declaration and sys.version_info < (3, 11):
        pytest.skip("NotRequired is new in Python 3.11")
    error = check(guest, declaration + "@query\ndef f(x: Vec[C]): ...\n")
    assert error["kind"] == "annotation" and error["remedy"]


def test_results_are_checked_like_parameters(guest) -> None:
    error = check(guest, "@query\ndef f() -> ¤dict: ...\n")
    assert error["parameter"] == "return" and "the result of 'f'" in error["message"]


def test_columns_count_characters(guest) -> None:
    check(guest, "@query\ndef f(größe: nat, x: ¤dict) -> nat: ...\n")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("@query\ndef f(¤x): ...\n", "the parameter has no type"),
        ("@query\nasync def f(a: nat,\n  ¤x): ...\n", "the parameter has no type"),
        ("@query\ndef f(*, x: ¤nat): ...\n", "keyword-only"),
        ("@query\ndef f(*args: ¤nat): ...\n", "fixed number"),
        ("@query\ndef f(**args: ¤nat): ...\n", "fixed number"),
        (
            "@dataclass\nclass K:\n  x: nat\n"
            "class R(Record):\n  x: ¤dict[K, nat]\n@query\ndef f(x: R): ...\n",
            "K cannot be the key of a dict",
        ),
        ("class R(Record):\n  x: ¤nat = 1\n@query\ndef f(x: R): ...\n", "has no default"),
        ("class V(Variant):\n  x: ¤nat = 1\n@query\ndef f(x: V): ...\n", "has no default"),
        ("class T1(TypedDict, total=False):\n  x: ¤nat\n@query\ndef f(x: T1): ...\n", "may be missing"),
        ("@dataclass\nclass D:\n  x: ¤InitVar[nat]\n@query\ndef f(x: D): ...\n", "cannot become part"),
        (
            "@dataclass\nclass D:\n  x: ¤nat = field(init=False)\n@query\ndef f(x: D): ...\n",
            "cannot become part",
        ),
        (
            "class C(Record):\n  a: nat\n  b: ¤Annotated[nat, Name('a')]\n@query\ndef f(x: C): ...\n",
            "same Candid field number",
        ),
        (
            "class S(Service):\n  @service_query\n  def go(self, ¤x): ...\n@query\ndef f(x: S): ...\n",
            "no type",
        ),
        (
            "T2 = TypeVar('T2')\nclass N(Record, Generic[T2]):\n  x: ¤Opt['N[list[T2]]']\n"
            "@query\ndef f(x: N[nat]): ...\n",
            "more than 50 different type arguments",
        ),
    ],
)
def test_signatures_and_classes_that_candid_cannot_have(guest, body, message) -> None:
    error = check(guest, body)
    assert error["kind"] == "annotation" and message in error["message"]
    assert error["remedy"]


def test_a_namedtuple_without_annotations(guest) -> None:
    error = guest.error(HEAD + "P = collections.namedtuple('P', 'x y')\n@query\ndef f(x: P): ...\n")
    assert "the field has no type" in error["message"]


def test_two_methods_of_one_name(guest) -> None:
    error = check(
        guest, "@query\ndef f() -> nat: ...\n@update\ndef g() -> nat: ...\n@update(name='f')\ndef ¤h(): ...\n"
    )
    assert error["kind"] == "duplicate"
    assert f"the method name 'f' is used twice, by 'f' in main.py:{FIRST}" in error["message"]


def test_two_definitions_of_one_name_point_at_the_second(guest) -> None:
    error = check(guest, "@query\ndef f() -> nat: ...\n@query\ndef ¤f() -> text: ...\n")
    assert error["kind"] == "duplicate"


def test_one_function_with_two_decorators(guest) -> None:
    error = check(guest, "@query\n@update\ndef ¤f(): ...\n")
    assert "two decorators" in error["message"]


def test_two_init_functions(guest) -> None:
    error = check(guest, "@init\ndef a(): ...\n@init\ndef ¤b(): ...\n")
    assert error["kind"] == "duplicate" and "@init is used twice" in error["message"]


def test_no_method_at_all(guest) -> None:
    error = guest.error(HEAD + "def f() -> nat: ...\n")
    assert error["kind"] == "no_method" and "@query" in error["remedy"]


def test_too_many_methods(guest) -> None:
    program = HEAD + "def f(): ...\n" + "".join(f"query(name='m{i}')(f)\n" for i in range(1001))
    assert guest.error(program)["kind"] == "too_many"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("def outer():\n  @query\n  def ¤inner(): ...\nouter()\n", "nested", "inside another function"),
        ("class C:\n  @query\n  def ¤inner(self): ...\n", "nested", "inside a class"),
        ("class C:\n  @query\n  @staticmethod\n  def inner(): ...\n", "decorator", "not staticmethod"),
        ("@query('name')\ndef f(): ...\n", "decorator", "needs a function, not str"),
        ("@query(name='')\ndef f(): ...\n", "decorator", "a text that is not empty"),
        ("@query(name=3)\ndef f(): ...\n", "decorator", "a text that is not empty"),
        ("@query(name='x' * 20001)\ndef f(): ...\n", "decorator", "20000 bytes"),
        ("@query(guard=True)\ndef f(): ...\n", "decorator", "guard= must be a function"),
        ("f = query(lambda: 1)\n", "decorator", "not a lambda"),
        ("@query\nasync def ¤f():\n  yield 1\n", "decorator", "asynchronous generator"),
        ("@init\ndef ¤f() -> nat: ...\n", "decorator", "cannot return a value"),
        ("@heartbeat\ndef ¤f(x: nat): ...\n", "decorator", "cannot have parameters"),
        ("@init\nasync def ¤f(): ...\n", "decorator", "cannot wait"),
        ("@inspect_message\ndef ¤f():\n  yield\n", "decorator", "cannot wait"),
        ("@query(unknown=1)\ndef f(): ...\n", "exception", "unknown"),
    ],
)
def test_decorators_in_the_wrong_place(guest, body, kind, message) -> None:
    error = check(guest, body) if "¤" in body else guest.error(HEAD + body)
    assert error["kind"] == kind and message in error["message"]
    assert error["line"] >= FIRST


def test_a_method_that_takes_the_name_of_its_decorator(guest) -> None:
    """The Kybra documents have such a method; it is fine as long as the decorator is not used again."""
    good = HEAD + "@query\ndef f() -> nat: ...\n@update\ndef update(x: str): ...\n"
    assert "update : (text) -> ();" in guest.did(good + "@query\ndef g() -> nat: ...\n")
    error = guest.error(good + "@update\ndef g(): ...\n")
    assert error["kind"] == "decorator" and "is the method 'update'" in error["message"]
    assert (error["file"], error["line"], error["column"]) == ("main.py", FIRST + 5, 5)


def test_an_exception_at_import_shows_the_traceback(guest) -> None:
    error = guest.error(
        HEAD + "import helper\n@query\ndef f() -> nat: ...\n",
        helper="def go(x):\n    return [1, 2][x]\n\n\ngo(3)\n",
    )
    assert error["kind"] == "exception" and error["message"] == "IndexError: list index out of range"
    assert (error["file"], error["line"], error["column"]) == ("helper.py", 2, 12 if COLUMNS else None)
    assert error["traceback"].startswith("Traceback (most recent call last):\n")
    assert '  File "helper.py", line 2, in go\n    return [1, 2][x]\n' in error["traceback"]
    assert f'File "main.py", line {FIRST}, in <module>' in error["traceback"]
    assert "importlib" not in error["traceback"] and "program.py" not in error["traceback"]


@pytest.mark.parametrize(
    "statement",
    ["raise SystemExit(3)", "raise KeyboardInterrupt", "raise BaseException('x')"],
)
def test_nothing_a_program_raises_gets_past_the_report(guest, statement) -> None:
    error = guest.error(HEAD + statement)
    assert error["kind"] == "exception" and error["line"] == FIRST


def test_a_syntax_error_points_at_the_place(guest) -> None:
    error = guest.error("from basilisk import query\n@query\ndef f(:\n    pass\n")
    assert (error["kind"], error["file"], error["line"], error["column"]) == ("syntax", "main.py", 3, 7)


def test_a_syntax_error_in_another_module(guest) -> None:
    error = guest.error("import helper\n", helper="x = 1\ny = (2\n")
    assert (error["kind"], error["file"], error["line"]) == ("syntax", "helper.py", 2)


def test_a_module_that_does_not_exist(guest) -> None:
    error = guest.error("from basilisk import query\nimport does_not_exist\n")
    assert error["kind"] == "import" and error["line"] == 2
    assert "No module named 'does_not_exist'" in error["message"]
    assert "does_not_exist" in error["remedy"] and "environment" in error["cause"]


def test_a_standard_module_that_cannot_work(guest, system) -> None:
    system.refused_modules["socket_"] = "a canister has no network sockets"
    error = guest.error("import socket_\n")
    assert error["message"] == "socket_ cannot be imported in a canister"
    assert error["cause"] == "a canister has no network sockets"


def test_a_misspelt_name_of_the_api(guest) -> None:
    error = guest.error("from basilisk import qurey\n")
    assert error["message"] == "basilisk has no name 'qurey'" and "query" in error["remedy"]


def test_a_forgotten_import_of_the_api(guest) -> None:
    error = guest.error("@query\ndef f() -> str: ...\n")
    assert (error["line"], error["column"]) == (1, 2 if COLUMNS else None)
    assert error["remedy"] == "import it: from basilisk import query"


def test_the_world_at_build_time(guest, system) -> None:
    # Compiled under a name in angle brackets, like the code of the system: no place in the user's program.
    code = "def refuse(name, error):\n    refused.append(name)\n    raise error\n"
    names: dict = {"refused": system.refused}
    exec(compile(code, "<system>", "exec"), names)
    refuse = names["refuse"]

    system.time = partial(refuse, "ic.time", system.ContextError("ic.time() was called …"))
    error = guest.error(HEAD + "now = ic.time()\n")
    assert error["kind"] == "refused" and "ic.time cannot be called" in error["message"]
    assert error["line"] == FIRST and "@init" in error["remedy"]

    import helper_of_the_test

    for name, word in (("clock", "clock"), ("entropy", "randomness"), ("files", "files")):
        system.refused.clear()
        helper_of_the_test.ask = partial(refuse, name, OSError(58, "Not supported"))
        error = guest.error(HEAD + "import helper_of_the_test\nhelper_of_the_test.ask()\n")
        assert error["kind"] == "refused" and word in error["cause"] and "method" in error["remedy"]
        assert error["line"] == FIRST + 1


@pytest.mark.skipif(not COLUMNS, reason="before Python 3.11 the module os is not frozen on the host")
def test_environment_variables_at_build_time(guest) -> None:
    error = guest.error(HEAD + "import os\nos.environ['NO_SUCH_VARIABLE_HERE']\n")
    assert error["kind"] == "refused" and error["line"] == FIRST + 1
    assert "'NO_SUCH_VARIABLE_HERE'" in error["message"] and "@init" in error["remedy"]


def test_a_late_consequence_of_a_refusal_is_explained(guest, system) -> None:
    system.refused.append("files")
    error = guest.error(HEAD + "data = None\ndata['x']\n")
    assert error["kind"] == "exception" and "files" in error["cause"]


@pytest.fixture(autouse=True)
def helper_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that programs of these tests can import, for functions of the test."""
    import sys
    import types

    monkeypatch.setitem(sys.modules, "helper_of_the_test", types.ModuleType("helper_of_the_test"))


def test_defaults_are_warned_about(guest) -> None:
    answer = guest.build(HEAD + "@query\ndef f(a: nat, b: nat = 1, c: Opt[nat] = None): ...\n")
    assert len(answer["warnings"]) == 1 and "the default of 'b' of 'f'" in answer["warnings"][0]


def test_different_arguments_of_init_and_post_upgrade_are_warned_about(guest) -> None:
    answer = guest.build(HEAD + "@init\ndef a(x: nat): ...\n@post_upgrade\ndef b(x: str): ...\n")
    assert len(answer["warnings"]) == 1 and "@post_upgrade" in answer["warnings"][0]
