#!/usr/bin/env python3
"""Compares the Rust declarations of the Python C API with CPython's own headers.

Reads `src/capi/raw.rs` (functions, data), `layout.rs` (structures, constants, type aliases) and
`inline.rs` (the immortal reference count), writes one C file of static assertions and compiles it.

    check_capi.py --include Include --include build -- clang-19 --target=wasm32-wasip1
    check_capi.py --include /usr/include/python3.13 -- clang-19

Exit code 0: every declaration agrees. 1: the compiler's messages name those that do not.
2: a declaration has a form that this script does not know (keep the plain form, or teach it here).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "src" / "capi"

#: Rust types with another name in C.
PLAIN_TYPES = {
    "c_char": "char", "c_schar": "signed char", "c_uchar": "unsigned char",
    "c_short": "short", "c_ushort": "unsigned short", "c_int": "int", "c_uint": "unsigned int",
    "c_long": "long", "c_ulong": "unsigned long", "c_longlong": "long long",
    "c_ulonglong": "unsigned long long", "c_float": "float", "c_double": "double", "c_void": "void",
    "i8": "int8_t", "u8": "uint8_t", "i16": "int16_t", "u16": "uint16_t", "i32": "int32_t",
    "u32": "uint32_t", "i64": "int64_t", "u64": "uint64_t", "isize": "Py_ssize_t", "usize": "size_t",
    "f32": "float", "f64": "double", "_frozen": "struct _frozen", "_inittab": "struct _inittab",
    "pool_header": "struct pool_header",
}  # fmt: skip

#: Bits of `PyASCIIObject.state`: Rust constant → C designator; checked by constant folding.
STATE_BITS = {"UNICODE_STATE_COMPACT": ".compact = 1", "UNICODE_STATE_ASCII": ".ascii = 1"}
#: Constants of layout.rs that are checked elsewhere in the generated file.
SPECIAL_CONSTANTS = {*STATE_BITS, "UNICODE_STATE_KIND_SHIFT", "UNICODE_STATE_KIND_MASK"}

#: Fields with another name in C.
FIELD_NAMES = {"pool_header.count": "ref"}

PROLOGUE = """\
#define Py_BUILD_CORE
#include <Python.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_obmalloc.h>
#include <internal/pycore_unicodeobject.h>
#include <marshal.h>
#include <frameobject.h>
#include <structmember.h>
#include <stddef.h>
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
#define SAME(a, b) __builtin_types_compatible_p(a, b)
#ifdef Py_GIL_DISABLED
#error "the declarations are those of the build with the GIL"
#endif
#if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS)
#error "the declarations are those of a build without reference debugging"
#endif
"""


class UnknownForm(Exception):
    """A declaration that this script cannot translate."""


def without_comments(source: str) -> str:
    """The Rust source without comments (no string of these files holds a slash)."""
    return re.sub(r"//[^\n]*", "", source)


def split_top(text: str, separator: str = ",") -> list[str]:
    """Splits at separators outside any bracket; empty parts are dropped."""
    parts, depth, current = [], 0, ""
    for index, char in enumerate(text):
        if char in "([{<":
            depth += 1
        elif char in ")]}" or (char == ">" and text[index - 1] != "-"):
            depth -= 1
        if char == separator and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [part for part in [*parts, current.strip()] if part]


def c_type(rust: str) -> str:
    """C spelling of a Rust type (an abstract declarator)."""
    rust = " ".join(rust.split())
    if rust.startswith("*mut "):
        return f"__typeof__({c_type(rust[5:])}) *"
    if rust.startswith("*const "):
        return f"__typeof__({c_type(rust[7:])}) const *"
    if match := re.fullmatch(r"\[(.+); (\d+)\]", rust):
        return f"__typeof__({c_type(match[1])}[{match[2]}])"
    if match := re.fullmatch(r"Option<(.+)>", rust):
        return c_type(match[1])
    if match := re.fullmatch(r'unsafe extern "C" fn\((.*)\)(?: -> (.+))?', rust):
        return f"__typeof__({c_function(match[1], match[2])}) *"
    if match := re.fullmatch(r"\w+", rust):
        return PLAIN_TYPES.get(rust, rust)
    raise UnknownForm(f"type {rust!r}")


def c_function(parameters: str, result: str | None) -> str:
    """C spelling of a function type."""
    types = []
    for parameter in split_top(parameters):
        named = re.fullmatch(r"\w+: (.+)", " ".join(parameter.split()))
        types.append("..." if parameter == "..." else c_type(named[1] if named else parameter))
    returned = "void" if result is None or result.strip() == "!" else c_type(result)
    return f"__typeof__({returned})({', '.join(types) or 'void'})"


def declarations(raw: str) -> Iterator[str]:
    """Assertions for the functions and data of raw.rs."""
    raw = without_comments(raw)
    blocks = re.findall(r'extern "C" \{(.*?)\n\}', raw, re.S)
    if not blocks:
        raise UnknownForm("no extern block in raw.rs")
    for statement in [part for block in blocks for part in split_top(block, ";")]:
        statement = " ".join(statement.split())
        if match := re.fullmatch(r"pub fn (\w+) ?\((.*)\)(?: -> (.+))?", statement):
            expected = c_function(match[2].rstrip(", "), match[3])
        elif match := re.fullmatch(r"pub static (?:mut )?(\w+): (.+)", statement):
            expected = c_type(match[2])
        else:
            raise UnknownForm(f"statement {statement!r} in raw.rs")
        name = match[1]
        yield f'_Static_assert(SAME(__typeof__({name}), {expected}), "{name}");'


def structures(layout: str) -> Iterator[str]:
    """Assertions for the structures of layout.rs: size, and place and size of each field."""
    for name, body in re.findall(r"#\[repr\(C\)\]\s*pub struct (\w+) \{(.*?)\n\}", layout, re.S):
        if "_opaque" in body:
            continue
        fields = []
        for part in split_top(body):
            match = re.fullmatch(r"pub (?:r#)?(\w+): (.+)", " ".join(part.split()))
            if not match:
                raise UnknownForm(f"field {part!r} of {name}")
            fields.append((match[1], match[2]))
        real, mine = c_type(name), f"struct rust_{name}"
        yield (
            mine + " { " + " ".join(f"__typeof__({c_type(kind)}) {field};" for field, kind in fields) + " };"
        )
        yield f'_Static_assert(sizeof({real}) == sizeof({mine}), "size of {name}");'
        for field, _ in fields:
            label = f"{name}.{field}"
            own = FIELD_NAMES.get(label, field)
            yield (
                f'_Static_assert(offsetof({real}, {own}) == offsetof({mine}, {field}), "place of {label}");'
            )
            yield (
                f"_Static_assert(sizeof((({real} *)0)->{own}) == sizeof((({mine} *)0)->{field}), "
                f'"size of {label}");'
            )


def scalars(layout: str) -> Iterator[str]:
    """Assertions for the type aliases and constants of layout.rs."""
    for name, target in re.findall(r"pub type (\w+) = ([^;]+);", layout):
        kind = c_type(target)
        yield f'_Static_assert(sizeof({name}) == sizeof({kind}), "size of {name}");'
        if name != "PySendResult":  # an enumeration: only its size is defined
            yield f'_Static_assert((({name})-1 < 0) == (({kind})-1 < 0), "sign of {name}");'
    for name, kind, value in re.findall(r"pub const (\w+): (\w+) = ([^;]+);", layout):
        if name in SPECIAL_CONSTANTS:
            continue
        value = re.sub(r"\b1 <<", f"({c_type(kind)})1 <<", value).replace(
            "usize::BITS", "(8 * sizeof(size_t))"
        )
        yield f'_Static_assert(({c_type(kind)})({name}) == ({value}), "{name}");'


def unicode_state(layout: str) -> Iterator[str]:
    """A function that vanishes in constant folding when the bit fields lie as declared."""
    values = dict(re.findall(r"pub const (UNICODE_STATE_\w+): u32 = ([^;]+);", layout))
    cases = {designator: values[name] for name, designator in STATE_BITS.items()}
    shift, mask = values["UNICODE_STATE_KIND_SHIFT"], values["UNICODE_STATE_KIND_MASK"]
    cases[".kind = 4"] = f"4u << {shift}"
    cases[".kind = 7"] = f"{mask}u << {shift}"
    yield '__attribute__((error("bit fields of PyASCIIObject.state"))) void wrong_bit_fields(void);'
    yield "void check_state(void) {"
    for designator, value in cases.items():
        yield (
            f"{{ union {{ PyASCIIObject object; struct rust_PyASCIIObject mine; }} it = "
            f"{{ .object = {{ .state = {{ {designator} }} }} }}; "
            f"if (it.mine.state != (uint32_t)({value})) wrong_bit_fields(); }}"
        )
    yield "}"


def dict_table() -> Iterator[str]:
    """What dict.rs computes itself: where the indices begin, and the entries behind them."""
    yield (
        "_Static_assert(offsetof(PyDictKeysObject, dk_indices) == sizeof(struct rust_PyDictKeysObject), "
        '"dk_indices");'
    )
    yield '__attribute__((error("entries of a dict"))) void wrong_entries(void);'
    yield "void check_entries(PyDictKeysObject *keys) {"
    yield "    char *entries = (char *)keys + sizeof(struct rust_PyDictKeysObject);"
    yield "    entries += (size_t)1 << keys->dk_log2_index_bytes;"
    yield "    if ((char *)_DK_ENTRIES(keys) != entries) wrong_entries();"
    yield "}"


def immortal(inline: str) -> Iterator[str]:
    """Assertion for the immortal reference count of inline.rs at this pointer width."""
    pattern = r'target_pointer_width = "(\d+)"\)\]\s*pub const IMMORTAL_REFCNT: Py_ssize_t = (.+?) as|$'
    found = {match[1]: match[2] for match in re.finditer(pattern, inline) if match[1]}
    for width in ("32", "64"):
        value = found[width].strip("() ").replace("u32::MAX", "UINT32_MAX")
        yield (
            f"_Static_assert(8 * sizeof(void *) != {width} || _Py_IMMORTAL_REFCNT == (Py_ssize_t)({value}), "
            '"IMMORTAL_REFCNT");'
        )


def generate(sources: Path) -> str:
    """The C file with one assertion per declaration found in the folder."""
    raw, layout, inline = (
        (sources / name).read_text("utf-8") for name in ("raw.rs", "layout.rs", "inline.rs")
    )
    layout = without_comments(layout)
    checks = [*declarations(raw), *structures(layout), *scalars(layout)]
    checks += [*unicode_state(layout), *dict_table(), *immortal(inline)]
    return PROLOGUE + "\n".join(checks) + "\n"


def main() -> int:
    """Command line entry point."""
    parser = argparse.ArgumentParser(
        description="Compare the Rust C API declarations with CPython's headers."
    )
    parser.add_argument("--sources", type=Path, default=SOURCES, help="folder with raw.rs and layout.rs")
    parser.add_argument("--include", action="append", default=[], help="header folder, repeatable")
    parser.add_argument("--print", action="store_true", help="print the generated C file and stop")
    parser.add_argument("compiler", nargs="*", help="compiler command, after --")
    options = parser.parse_args()
    try:
        text = generate(options.sources)
    except UnknownForm as error:
        print(f"check_capi: cannot translate {error}", file=sys.stderr)
        return 2
    if options.print:
        print(text, end="")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "capi.c")
        source.write_text(text, "utf-8")
        includes = [f"-I{path}" for path in options.include]
        command = [*(options.compiler or ["clang"]), "-std=c11", "-O1", *includes, "-c", str(source)]
        done = subprocess.run([*command, "-o", str(Path(folder, "capi.o"))], check=False)
    if done.returncode:
        return 1
    print(f"check_capi: {text.count('_Static_assert')} assertions hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
