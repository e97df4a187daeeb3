"""From a Lib folder to a blob."""

from __future__ import annotations

import marshal
import shutil
import types
from pathlib import Path
from typing import Any

import pytest

from stdlib_bundler import bundle, collect, edits, format, policy
from stdlib_bundler.compiler import CompileFault, compile_source, fixed_point

_EDITED = next(edit.old for edit in edits.EDITS if edit.file == "encodings/__init__.py")
FILES = {
    "encodings/__init__.py": f"for name in ():\n        try:\n            import x\n{_EDITED}",
    "encodings/aliases.py": "aliases = {}\n",
    "encodings/utf_8.py": "name = 'utf-8'\n",
    "encodings/cp437.py": "table = '" + "abc" * 50 + "'\n",
    "json/__init__.py": "from json.decoder import read\n",
    "json/decoder.py": "'''Reads.'''\n\ndef read(text):\n    '''Reads text.'''\n    return text\n",
    "json/tests/test_x.py": "raise SystemExit\n",
    "socket.py": "raise SystemExit\n",
    "subprocess.py": "raise SystemExit\n",
    "tkinter/__init__.py": "raise SystemExit\n",
    "os.py": "raise SystemExit\n",
    "sqlite3/__init__.py": "import _sqlite3\n",
    "textwrap.py": "WIDTH = 70\n",
    "not-a-module.py": "raise SystemExit\n",
    "readme.txt": "not Python\n",
}


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """A small library with one module of each fate."""
    folder = tmp_path / "Lib"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _run(module: format.Module) -> dict[str, object]:
    scope: dict[str, object] = {"__name__": module.name}
    code = marshal.loads(module.data)
    assert isinstance(code, types.CodeType)
    exec(code, scope)
    return scope


def test_only_what_ships_is_in_the_blob(lib: Path) -> None:
    """Refused, left-out, frozen and test modules are not in the blob; the early ones are frozen."""
    blob = format.read(format.write(bundle.build(lib)))
    names = set(blob.modules())
    own = {source.name for source in collect.own_modules()}
    assert names - own == {
        "encodings",
        "encodings.aliases",
        "encodings.utf_8",
        "encodings.cp437",
        "json",
        "json.decoder",
        "textwrap",
    }
    assert {name for name, module in blob.modules().items() if module.frozen} == set(bundle.EARLY_MODULES)
    assert {name for name, module in blob.modules().items() if module.package} == {"encodings", "json"}
    assert blob.blocks[0].method == format.METHOD_STORED
    assert "socket" in blob.refusals
    assert "sqlite3" in blob.refusals


def test_optional_modules_ship_where_linked(lib: Path) -> None:
    """With the C module in the runtime, its front ships."""
    blob = bundle.build(lib, built_in=policy.BUILT_IN | {"_sqlite3"})
    assert "sqlite3" in blob.modules()
    assert "sqlite3" not in blob.refusals


def test_modules_run(lib: Path) -> None:
    """A module of the blob is the code of its source, without docstrings, and names no machine's files."""
    modules = bundle.build(lib).modules()
    assert _run(modules["textwrap"])["WIDTH"] == 70
    read = _run(modules["json.decoder"])["read"]
    assert isinstance(read, types.FunctionType)
    assert read("x") == "x"
    assert read.__doc__ is None
    assert read.__code__.co_filename == "<stdlib>/json/decoder.py"
    assert read.__code__.co_firstlineno == 3


def test_two_folders_give_the_same_bytes(lib: Path, tmp_path: Path) -> None:
    """The blob depends on names and texts alone, not on where or in which order the files lie."""
    other = tmp_path / "elsewhere" / "deep"
    other.mkdir(parents=True)
    for name in sorted(FILES, reverse=True):
        path = other / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(lib / name, path)
    extra = [collect.Source("_boot", "_boot.py", False, b"x = 1\n")]
    first = format.write(bundle.build(lib, extra))
    second = format.write(bundle.build(other, extra))
    assert first == second
    assert format.read(first).modules()["_boot"].frozen


def test_blocks_respect_their_size(lib: Path) -> None:
    """A block closes before it grows beyond its size; a larger module has a block of its own."""
    often = bundle.Shelf(300, format.METHOD_ZLIB)
    seldom = bundle.Shelf(300, format.METHOD_LZMA)
    blob = bundle.build(lib, often=often, seldom=seldom)
    for block in blob.blocks[1:]:
        assert len(block.modules) == 1 or sum(len(module.data) for module in block.modules) <= 300
    assert format.read(format.write(blob)).modules() == blob.modules()


def test_modules_that_are_imported_often_are_quick_to_decode(lib: Path) -> None:
    """They lie together in zlib blocks, in the order of the list; the rest is LZMA."""
    blob = bundle.build(lib)
    methods = {module.name: block.method for block in blob.blocks for module in block.modules}
    assert methods["textwrap"] == methods["json"] == methods["json.decoder"] == format.METHOD_ZLIB
    assert methods["encodings.cp437"] == format.METHOD_LZMA
    order = bundle.OFTEN_IMPORTED.read_text().split()
    packed = [m.name for b in blob.blocks if b.method == format.METHOD_ZLIB for m in b.modules]
    assert packed == [name for name in order if name in packed]


def test_the_list_of_frequent_modules_is_sound() -> None:
    """No name twice, none that does not ship."""
    names = bundle.OFTEN_IMPORTED.read_text().split()
    assert len(set(names)) == len(names) > 100
    linked = policy.BUILT_IN | policy.LINKED_LIBRARIES
    assert all(policy.fate(name, linked)[0] == "shipped" for name in names)


def test_marshalling_reaches_its_fixed_point() -> None:
    """The bytes load and dump to themselves, whoever else holds the constants."""
    shared = ("a constant that others hold",)
    source = collect.Source("m", "m.py", False, b"def f(a=('a constant that others hold',)):\n    return a\n")
    data = compile_source(source)
    assert fixed_point(marshal.loads(data)) == data
    again = marshal.dumps(marshal.loads(data))  # outside the assertion, which would hold a reference
    assert again == data
    assert compile_source(source) == data
    del shared


def test_a_module_that_does_not_compile_stops_the_build(lib: Path) -> None:
    """No module is dropped silently."""
    (lib / "broken.py").write_text("def :\n")
    with pytest.raises(CompileFault, match=r"broken\.py"):
        bundle.build(lib)


def test_docstrings_go_and_nothing_else() -> None:
    """Texts that are values stay, assertions stay, a body of nothing but a docstring stays valid."""
    text = b'''
"""Module."""
"""A second text must not become the docstring."""
from __future__ import annotations
value = "kept"
def empty():
    """Function."""
class Empty:
    """Class."""
    def method(self):
        """Method."""
        "another"
        assert value == "changed"
        return "kept"
'''
    code = marshal.loads(compile_source(collect.Source("m", "m.py", False, text)))
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert scope["value"] == "kept"
    assert "__doc__" not in scope or scope["__doc__"] is None
    assert scope["empty"]() is None
    assert scope["empty"].__doc__ is scope["Empty"].__doc__ is scope["Empty"].method.__doc__ is None
    with pytest.raises(AssertionError):
        scope["Empty"]().method()
    assert scope["Empty"].method.__code__.co_firstlineno == 10
