"""The Rust declarations of the C API agree with CPython's headers, and a wrong one is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracles.crates import REPOSITORY

CRATE = REPOSITORY / "bridge_crate"
SOURCES = CRATE / "src" / "capi"

Check = Callable[[Path], "subprocess.CompletedProcess[str]"]

_RECIPE = '$CC -std=c11 -O1 "-I$INCLUDE" -c "$SOURCE" -o /dev/null\n'


def generate(sources: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script that writes the C file."""
    command = [sys.executable, str(CRATE / "check_capi.py"), "--sources", str(sources), "--print"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def check() -> Check:
    """Compiles the assertions for a folder of declarations against the headers of the runtime."""
    from cpython.cache import cache_root
    from cpython.cross import build_cpython
    from cpython.pins import load_pins
    from cpython.progress import Progress
    from cpython.toolchain import provide_toolchain

    progress = Progress(cache_root() / "logs")
    toolchain = provide_toolchain(load_pins(), progress)
    work = toolchain.work / "capi"
    shutil.rmtree(work, ignore_errors=True)
    headers = build_cpython(load_pins(), toolchain, progress) / "include" / "python3.13"
    shutil.copytree(headers, work / "include")
    script, source = work / "check.sh", work / "capi.c"
    script.write_text(_RECIPE, "utf-8")

    def run(sources: Path) -> subprocess.CompletedProcess[str]:
        generated = generate(sources)
        assert generated.returncode == 0, generated.stderr
        source.write_text(generated.stdout, "utf-8")
        env = {"INCLUDE": toolchain.inside(work / "include"), "SOURCE": toolchain.inside(source)}
        argv, full = toolchain.argv(script, env)
        return subprocess.run(argv, env=full, capture_output=True, text=True, check=False)

    return run


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the declarations with one change."""
    shutil.copytree(SOURCES, folder / "capi")
    path = folder / "capi" / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), "utf-8")
    return folder / "capi"


def test_declarations_agree(check: Check) -> None:
    """Every declaration has its assertion, and all hold for wasm32."""
    done = check(SOURCES)
    assert done.returncode == 0, done.stderr
    assert generate(SOURCES).stdout.count("_Static_assert") > 500


WRONG = {
    "result": ("raw.rs", "pub fn PyLong_AsLong(op: *mut PyObject) -> c_long;",
               "pub fn PyLong_AsLong(op: *mut PyObject) -> c_longlong;", "PyLong_AsLong"),
    "parameters": ("raw.rs", "pub fn PyObject_IsTrue(op: *mut PyObject)", "pub fn PyObject_IsTrue()",
                   "PyObject_IsTrue"),
    "constness": ("raw.rs", "pub fn PyErr_SetString(exception: *mut PyObject, message: *const c_char);",
                  "pub fn PyErr_SetString(exception: *mut PyObject, message: *mut c_char);",
                  "PyErr_SetString"),
    "data": ("raw.rs", "PyExc_ValueError: *mut PyObject", "PyExc_ValueError: PyObject", "PyExc_ValueError"),
    "name": ("raw.rs", "pub fn PyErr_NoMemory()", "pub fn PyErr_NoMemories()", "PyErr_NoMemories"),
    "missing field": ("layout.rs", "    pub tp_hash: *mut c_void,\n", "", "size of PyTypeObject"),
    "order": ("layout.rs", "    pub ob_item: *mut *mut PyObject,\n    pub allocated: Py_ssize_t,\n",
              "    pub allocated: Py_ssize_t,\n    pub ob_item: *mut *mut PyObject,\n",
              "place of PyListObject"),
    "width": ("layout.rs", "    pub dk_kind: u8,", "    pub dk_kind: u32,", "dk_indices"),
    "constant": ("layout.rs", "pub const METH_O: c_int = 0x0008;", "pub const METH_O: c_int = 0x0010;",
                 "METH_O"),
    "bit field": ("layout.rs", "UNICODE_STATE_ASCII: u32 = 1 << 6", "UNICODE_STATE_ASCII: u32 = 1 << 7",
                  "bit fields of PyASCIIObject.state"),
    "alias": ("layout.rs", "pub type digit = u32;", "pub type digit = u16;", "size of digit"),
    "immortal": ("inline.rs", "(u32::MAX >> 2) as", "(u32::MAX >> 3) as", "IMMORTAL_REFCNT"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_wrong_declaration_is_found(check: Check, tmp_path: Path, case: tuple[str, str, str, str]) -> None:
    """Each kind of mistake fails the compilation, whose message names it."""
    file, old, new, named = case
    done = check(changed(tmp_path, file, old, new))
    assert done.returncode != 0
    assert named in done.stderr


def test_unknown_form_is_refused(tmp_path: Path) -> None:
    """A declaration that the script cannot read is an error, never passed over."""
    sources = changed(tmp_path, "raw.rs", "pub fn PyErr_Clear();", "pub safe fn PyErr_Clear();")
    done = generate(sources)
    assert done.returncode == 2
    assert "PyErr_Clear" in done.stderr
