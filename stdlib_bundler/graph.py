"""What each module of the library may import, and when: what ``--stdlib=used`` follows.

Imports at the top of a module count when the module is imported.  Those inside a function count when the
function can run: when code that can run itself mentions its name, whatever it means there.  A special method
counts when its class is mentioned.  So nothing needs to be known of types, and what is missed is only what a
program reaches through names it puts together.

Left out is what cannot run in a canister: what stands below ``if TYPE_CHECKING``, ``if __name__ ==
"__main__"`` and tests for another platform, and the functions of a module's command line.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stdlib_bundler import collect, policy

__all__ = [
    "ALWAYS",
    "CALLED_BY_C",
    "IMPORTED_BY_C",
    "IMPORTED_THROUGH",
    "ONLY_IF",
    "PUT_TOGETHER",
    "READS_FILES",
    "TRIED",
    "Part",
    "document",
    "parts",
]

#: What C modules import, and what C code of theirs calls by name (CPython 3.13, Modules/).
IMPORTED_BY_C: dict[str, tuple[str, ...]] = {
    "_codecs_cn": ("_multibytecodec",),
    "_codecs_hk": ("_codecs_tw", "_multibytecodec"),
    "_codecs_iso2022": ("_codecs_cn", "_codecs_jp", "_codecs_kr", "_multibytecodec"),
    "_codecs_jp": ("_multibytecodec",),
    "_codecs_kr": ("_multibytecodec",),
    "_codecs_tw": ("_multibytecodec",),
    "_csv": ("io",),
    "_datetime": ("time",),
    "_decimal": ("collections", "collections.abc", "numbers"),
    "_elementtree": ("copy", "pyexpat", "xml.etree.ElementPath"),
    "_json": ("json.decoder",),
    "_pickle": ("_compat_pickle", "codecs", "copyreg", "functools", "operator"),
    "_sqlite3": ("functools", "sqlite3.dump"),
    "_sre": ("re",),
    "_zoneinfo": ("io", "pickle", "weakref", "zoneinfo._common", "zoneinfo._tzpath"),
    "array": ("collections.abc",),
}

#: What modules of Python import through another: copyreg's function for types such as ``int | str`` is called
#: by those who read its table.
IMPORTED_THROUGH: dict[str, tuple[str, ...]] = {
    "copy": ("functools", "operator"),
    "pickle": ("functools", "operator"),
}

#: What a module needs for its files, besides the packages that hold them.
READS_FILES: dict[str, tuple[str, ...]] = {
    "tzdata": ("_basilisk_resources",),
    "zoneinfo": ("importlib.resources", "_basilisk_resources"),
}

#: What a module imports by names that it puts together.
PUT_TOGETHER: dict[str, tuple[str, ...]] = {
    "dbm": ("dbm.dumb", "dbm.sqlite3"),
}

#: What the interpreter itself imports when a program does something without an import statement: prints a
#: long int, copies an object, reads a memoryview, encodes text.  zlib is the finder's, which packs modules.
ALWAYS: tuple[str, ...] = (
    "_pylong",
    "copyreg",
    "struct",
    "zlib",
    *(
        f"encodings.{name}"
        for name in (
            "ascii",
            "latin_1",
            "raw_unicode_escape",
            "unicode_escape",
            "utf_16",
            "utf_16_be",
            "utf_16_le",
            "utf_32",
            "utf_32_be",
            "utf_32_le",
            "utf_8_sig",
        )
    ),
)

#: Functions that C code calls by name, and so without a mention in Python.
CALLED_BY_C: tuple[str, ...] = ("_compile_template", "_strptime_datetime", "_strptime_time")

#: What comes to pass in a module only in programs that mention a name: by module and name the functions that
#: C code then calls, and the modules that are imported.
ONLY_IF: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "_datetime": {"strptime": ((), ("_strptime",))},
    "_operator": {"methodcaller": ((), ("functools",))},
    "_pylong": {"set_int_max_str_digits": (("int_from_string", "int_to_decimal_string"), ())},
    "sysconfig": {"_init_posix": ((), ("_sysconfigdata__wasi_wasm32-wasi",))},
    "time": {"strptime": ((), ("_strptime",))},
    "types": {"CapsuleType": ((), ("_datetime",))},
    "xml.dom.domreg": {"minidom": ((), ("xml.dom.minidom",))},
}

#: Imports that their module does without, and that would bring much of the library.
TRIED: frozenset[tuple[str, str]] = frozenset(
    {
        ("abc", "_py_abc"),  # without _abc, which is there
        ("copyreg", "functools"),  # for types such as int | str, see IMPORTED_THROUGH
        ("copyreg", "operator"),
        ("hashlib", "logging"),  # when an algorithm is missing; none is
        ("re._parser", "unicodedata"),  # for \\N{...} in a pattern, which the build looks for
        ("types", "_datetime"),  # for one name, see ONLY_IF
        ("warnings", "linecache"),  # for the source line below a warning
        ("warnings", "tracemalloc"),  # for the place where a resource was allocated
    }
)

_COMMAND_LINE = frozenset({"main", "_main", "_test", "test"})
#: Codecs from bytes to bytes; as a constant their names nearly always mean something else.
_NO_TEXT = frozenset(
    {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
)
#: Modules whose tables name encodings without a use for them.
_ONLY_NAMES = ("encodings", "locale", "tzdata")
_OTHER_PLATFORMS = frozenset(
    {"win32", "nt", "cygwin", "darwin", "ios", "tvos", "watchos", "android", "java", "vxworks"}
)


@dataclass
class Part:
    """A function, or what of a module runs at its import (then without a name).

    ``imports`` are absolute names, of ``from a import b`` both ``a`` and ``a.b``; ``mentions`` are the names
    of variables and attributes in it.
    """

    name: str
    imports: set[str] = field(default_factory=set)
    mentions: set[str] = field(default_factory=set)


def parts(text: bytes, name: str, package: bool) -> list[Part]:
    """The parts of the module ``name``, that of its top first."""
    reader = _Reader(name, package)
    reader.body(ast.parse(text), reader.parts[0], "")
    return reader.parts


class _Reader:
    def __init__(self, name: str, package: bool) -> None:
        self.name = name
        self.package = package
        self.parts = [Part("")]

    def body(self, node: ast.AST, part: Part, owner: str) -> None:
        """Read what is inside ``node`` into ``part``; ``owner`` is the class around it, if any."""
        for child in ast.iter_child_nodes(node):
            self.one(child, part, owner)

    def one(self, node: ast.AST, part: Part, owner: str) -> None:
        if isinstance(node, ast.If) and _never_true(node.test):
            for statement in node.orelse:
                self.one(statement, part, owner)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not part.name:
            self.function(node, part, owner)
        elif isinstance(node, ast.ClassDef):
            self.body(node, part, owner or node.name)
        else:
            self.leaf(node, part)
            self.body(node, part, owner)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, part: Part, owner: str) -> None:
        """A function outside of others is a part of its own; its decorators and defaults run before."""
        if node.name in _COMMAND_LINE and not owner:
            return
        for item in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.one(item, part, owner)
        special = node.name.startswith("__") and node.name.endswith("__")
        if special and not owner:  # a module's __getattr__
            inner = part
        else:
            inner = Part(owner if special else node.name)
            self.parts.append(inner)
        for statement in node.body:
            self.one(statement, inner, owner)

    def leaf(self, node: ast.AST, part: Part) -> None:
        if isinstance(node, ast.Name):
            part.mentions.add(node.id)
        elif isinstance(node, ast.Attribute):
            part.mentions.add(node.attr)
        elif isinstance(node, ast.Import):
            part.imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = self.absolute(node)
            part.imports.add(base)
            part.imports.update(f"{base}.{alias.name}" for alias in node.names)
            part.mentions.update(alias.name for alias in node.names)
        elif _imports_literal(node):
            part.imports.add(str(node.args[0].value))  # type: ignore[attr-defined]

    def absolute(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        above = self.name.split(".") if self.package else self.name.split(".")[:-1]
        above = above[: len(above) - (node.level - 1)]
        return ".".join([*above, *([node.module] if node.module else [])])


def _never_true(test: ast.expr) -> bool:
    if _last_name(test) == "TYPE_CHECKING":
        return True
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = [test.left, test.comparators[0]]
    texts = {side.value for side in sides if isinstance(side, ast.Constant)}
    names = {_last_name(side) for side in sides}
    if "__name__" in names:
        return "__main__" in texts
    return bool(names & {"platform", "name"}) and bool(texts & _OTHER_PLATFORMS)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imports_literal(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _last_name(node.func) in ("__import__", "import_module", "import_helper")
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and not node.args[0].value.startswith(".")
    )


def _codecs(text: bytes, aliases: Mapping[str, str]) -> Iterator[str]:
    """Codecs that a text constant of the module names."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 32:
            found = aliases.get(node.value.lower().replace("-", "_").replace(" ", "_"))
            if found is not None and found not in _NO_TEXT:
                yield f"encodings.{found}"


def document(
    lib: Path, built_in: frozenset[str] = policy.BUILT_IN, zones: Sequence[collect.Source] = ()
) -> bytes:
    """The graph as JSON; ``zones`` are the modules of ``tzdata``, which zoneinfo reads.

    ``always`` lists modules, ``codecs`` maps spellings to modules, ``names`` is the table that the numbers in
    ``modules`` mean: of each module the parts as ``[name, mentions, imports]``, the top first, with 0 for its
    name.  Only names of parts are in the table: what mentions nothing of them cannot make a function run.
    """
    sources = [*collect.modules(lib, built_in), *collect.own_modules(), *_frozen(lib), *zones]
    modules = {source.name for source in sources} | built_in
    aliases = _aliases(source.name for source in sources)
    table: dict[str, list[Part]] = {}
    for source in sources:
        found = table[source.name] = parts(source.text, source.name, source.package)
        if not source.name.startswith(_ONLY_NAMES):
            found[0].imports.update(_codecs(source.text, aliases))
    for name, imported in IMPORTED_BY_C.items():
        table[name] = [Part("", set(imported))]
    for name, imported in IMPORTED_THROUGH.items():
        if name in table:
            table[name][0].imports.update(imported)
    for name, conditions in ONLY_IF.items():
        found = table.setdefault(name, [Part("")])
        found += [Part(item, {*imported}, {*called}) for item, (called, imported) in conditions.items()]
    for name, imported in READS_FILES.items():
        if zones and name in table:
            table[name][0].imports.update(imported, (source.name for source in zones))
    for name, imported in PUT_TOGETHER.items():
        if name in table:
            table[name][0].imports.update(imported)
    parents = {part.name for found in table.values() for part in found}
    names = sorted(parents)  # "" is the first
    number = {name: index for index, name in enumerate(names)}
    rows: dict[str, list[list[object]]] = {}
    for module, found in sorted(table.items()):
        top = module.rpartition(".")[0]
        found[0].imports.add(top)
        rows[module] = [
            [number[part.name], sorted(number[item] for item in part.mentions & parents), sorted(imports)]
            for part in found
            if (imports := _counted(module, part, modules)) or part.mentions & parents
        ]
    content = {
        "always": sorted(set(ALWAYS) & modules),
        "called": sorted(CALLED_BY_C),
        "codecs": aliases,
        "modules": rows,
        "names": names,
    }
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _counted(module: str, part: Part, modules: frozenset[str] | set[str]) -> set[str]:
    left_out = TRIED if part.name not in ONLY_IF.get(module, ()) else frozenset()
    return {name for name in part.imports & modules if name != module and (module, name) not in left_out}


def _frozen(lib: Path) -> Iterator[collect.Source]:
    for name in sorted(policy.FROZEN):
        path = lib.joinpath(*name.split(".")).with_suffix(".py")
        yield collect.Source(name, path.relative_to(lib).as_posix(), False, path.read_bytes())


def _aliases(names: Iterable[str]) -> dict[str, str]:
    """Spellings of codecs, in lower case with underscores, and the modules of ``encodings`` they mean."""
    from encodings.aliases import aliases

    modules = {name.partition(".")[2] for name in names if name.startswith("encodings.")}
    found = {name: name for name in modules if name != "aliases"}
    found.update((alias, module) for alias, module in aliases.items() if module in modules)
    return found
