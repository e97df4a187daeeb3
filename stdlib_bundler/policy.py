"""What of the standard library a canister has, and what it says about the rest.

Every name of ``sys.stdlib_module_names`` of CPython 3.13 has exactly one fate:

* shipped: a pure-Python module in the blob, the default for everything in ``Lib``;
* frozen: a pure-Python module that the interpreter carries inside itself already;
* built in: a C module linked into the runtime;
* refused: it cannot work inside a canister; importing it raises ``ImportError`` with the text of ``REFUSED``;
* left out: it could be shipped but serves no purpose there; importing it raises the text of ``LEFT_OUT``.

Names may be dotted.  A rule covers the modules below its name as well.  Nothing here pretends: a refused
module has no stand-in.
"""

from __future__ import annotations

__all__ = [
    "BUILT_IN",
    "FROZEN",
    "LEFT_OUT",
    "LINKED_LIBRARIES",
    "OPTIONAL_BUILT_IN",
    "REFUSED",
    "fate",
    "refusal_texts",
]

_OUTCALL = "use HTTPS outcalls of the management canister (http_request) instead"
_NO_SOCKETS = "a canister has no sockets"
_NO_PROCESSES = "a canister is a single process without an operating system"
_NO_THREADS = "a canister runs one message at a time on one thread"
_NO_TERMINAL = "a canister has no terminal"
_NO_C = "a canister cannot load machine code"
_NO_LOOP = (
    "an event loop needs sockets and a thread to wait on, and the network drives a canister's coroutines:"
    " declare methods with `async def`, await calls, run several with ic.gather() or ic.TaskGroup, and come"
    " back later with ic.set_timer()"
)
_CHAIN = "split the work over several update calls or canisters"

#: Cannot work in a canister: why, and what to use instead.
REFUSED: dict[str, str] = {
    "_aix_support": "it describes AIX, which is not this platform",
    "_android_support": "it describes Android, which is not this platform",
    "_apple_support": "it describes Apple systems, which are not this platform",
    "_ctypes": f"{_NO_C}; use pure Python, or struct and memoryview for binary data",
    "_curses": f"{_NO_TERMINAL}; print() writes to the canister's log",
    "_curses_panel": f"{_NO_TERMINAL}; print() writes to the canister's log",
    "_dbm": "the dbm library is not part of the runtime; dbm.sqlite3 and dbm.dumb work",
    "_gdbm": "the gdbm library is not part of the runtime; dbm.sqlite3 and dbm.dumb work",
    "_hashlib": "OpenSSL is not part of the runtime; hashlib works without it",
    "_interpchannels": f"{_NO_THREADS}, so subinterpreters bring nothing; {_CHAIN}",
    "_interpqueues": f"{_NO_THREADS}, so subinterpreters bring nothing; {_CHAIN}",
    "_interpreters": f"{_NO_THREADS}, so subinterpreters bring nothing; {_CHAIN}",
    "_ios_support": "it describes iOS, which is not this platform",
    "_multiprocessing": f"{_NO_PROCESSES}; {_CHAIN}",
    "_osx_support": "it describes macOS, which is not this platform",
    "_overlapped": "it belongs to Windows",
    "_posixshmem": f"{_NO_PROCESSES}, so there is nobody to share memory with",
    "_posixsubprocess": f"{_NO_PROCESSES}; {_CHAIN}",
    "_pyrepl": f"{_NO_TERMINAL}; an interactive prompt needs one",
    "_scproxy": "it belongs to macOS",
    "_socket": f"{_NO_SOCKETS}; {_OUTCALL}",
    "_ssl": f"{_NO_SOCKETS}; {_OUTCALL}",
    "_tkinter": "a canister has no screen; serve HTML through http_request instead",
    "_uuid": "the system's UUID library is not part of the runtime; uuid works without it",
    "_winapi": "it belongs to Windows",
    "_wmi": "it belongs to Windows",
    "antigravity": "a canister cannot open a web browser",
    "asyncio": _NO_LOOP,
    "_asyncio": _NO_LOOP,
    "concurrent.futures.process": f"{_NO_PROCESSES}; {_CHAIN}",
    "ctypes": f"{_NO_C}; use pure Python, or struct and memoryview for binary data",
    "curses": f"{_NO_TERMINAL}; print() writes to the canister's log",
    "dbm.gnu": "the gdbm library is not part of the runtime; dbm.sqlite3 and dbm.dumb work",
    "dbm.ndbm": "the dbm library is not part of the runtime; dbm.sqlite3 and dbm.dumb work",
    "encodings.mbcs": "it belongs to Windows",
    "encodings.oem": "it belongs to Windows",
    "faulthandler": "it needs signals; the text of a trap holds the traceback already",
    "fcntl": "a canister has no file descriptors to control",
    "ftplib": f"{_NO_SOCKETS}; {_OUTCALL}",
    "grp": "a canister has no user accounts; identify the user by ic.caller()",
    "http.client": f"{_NO_SOCKETS}; {_OUTCALL}",
    "http.cookiejar": f"it works on urllib.request, and {_NO_SOCKETS}; {_OUTCALL}",
    "http.server": f"{_NO_SOCKETS}; answer HTTP through a query method named http_request instead",
    "imaplib": f"{_NO_SOCKETS}; {_OUTCALL}",
    "mmap": "WebAssembly cannot map files into memory; read the file, or use bytearray and memoryview",
    "msvcrt": "it belongs to Windows",
    "multiprocessing": f"{_NO_PROCESSES}; {_CHAIN}",
    "nt": "it belongs to Windows",
    "poplib": f"{_NO_SOCKETS}; {_OUTCALL}",
    "pty": f"{_NO_TERMINAL}",
    "pydoc": "it pages text through a terminal or a web server; inspect.getdoc() returns docstrings",
    "pwd": "a canister has no user accounts; identify the user by ic.caller()",
    "readline": f"{_NO_TERMINAL}",
    "resource": "there are no process limits; ask ic.performance_counter() for the instructions used so far",
    "select": f"{_NO_SOCKETS} or pipes to wait on; methods may be declared with `async def`",
    "selectors": f"{_NO_SOCKETS} or pipes to wait on; methods may be declared with `async def`",
    "smtplib": f"{_NO_SOCKETS}; {_OUTCALL}",
    "socket": f"{_NO_SOCKETS}; {_OUTCALL}",
    "socketserver": f"{_NO_SOCKETS}; answer HTTP through a query method named http_request instead",
    "ssl": f"{_NO_SOCKETS}; {_OUTCALL}",
    "subprocess": f"{_NO_PROCESSES}; {_CHAIN}",
    "syslog": "a canister has no system log; print() and logging write to the canister's log",
    "termios": f"{_NO_TERMINAL}",
    "tkinter": "a canister has no screen; serve HTML through http_request instead",
    "tty": f"{_NO_TERMINAL}",
    "turtle": "a canister has no screen; serve HTML or SVG through http_request instead",
    "turtledemo": "a canister has no screen",
    "unittest.async_case": "it runs tests on asyncio's event loop, which needs sockets",
    "urllib.request": f"{_NO_SOCKETS}; {_OUTCALL}",
    "urllib.robotparser": f"it works on urllib.request, and {_NO_SOCKETS}",
    "webbrowser": "a canister cannot open a web browser",
    "winreg": "it belongs to Windows",
    "winsound": "it belongs to Windows",
    "wsgiref.simple_server": (
        f"{_NO_SOCKETS}; answer HTTP through a query method named http_request instead"
    ),
    "xmlrpc": f"{_NO_SOCKETS}; {_OUTCALL}",
}

#: Could be shipped, but brings nothing to a canister: why.
LEFT_OUT: dict[str, str] = {
    "__hello__": "it is a demonstration of frozen modules",
    "__phello__": "it is a demonstration of frozen modules",
    "_pydatetime": "datetime uses its C implementation",
    "_pydecimal": "decimal uses its C implementation",
    "_pyio": "io uses its C implementation",
    "ensurepip": "packages are collected when the canister is built, nothing can be installed in it",
    "idlelib": "IDLE is a desktop program",
    "pydoc_data": "it is the text of pydoc, which is refused",
    "test": "CPython's own tests do not belong in a canister",
    "this": "it prints a text and does nothing else",
    "venv": "packages are collected when the canister is built, nothing can be installed in it",
}

#: Frozen into libpython itself (Python/frozen.c); a second copy in the blob would never be read.
FROZEN: frozenset[str] = frozenset(
    {
        "_collections_abc",
        "_sitebuiltins",
        "abc",
        "codecs",
        "genericpath",
        "importlib._bootstrap",
        "importlib._bootstrap_external",
        "importlib.machinery",
        "importlib.util",
        "io",
        "ntpath",
        "os",
        "posixpath",
        "runpy",
        "site",
        "stat",
        "zipimport",
    }
)

#: C modules of every runtime (Modules/config.c of the cross build, minus those that are refused).
BUILT_IN: frozenset[str] = frozenset(
    {
        "_abc",
        "_ast",
        "_bisect",
        "_blake2",
        "_codecs",
        "_codecs_cn",
        "_codecs_hk",
        "_codecs_iso2022",
        "_codecs_jp",
        "_codecs_kr",
        "_codecs_tw",
        "_collections",
        "_contextvars",
        "_csv",
        "_datetime",
        "_decimal",
        "_elementtree",
        "_frozen_importlib",
        "_frozen_importlib_external",
        "_functools",
        "_heapq",
        "_imp",
        "_io",
        "_json",
        "_locale",
        "_lsprof",
        "_md5",
        "_multibytecodec",
        "_opcode",
        "_operator",
        "_pickle",
        "_queue",
        "_random",
        "_sha1",
        "_sha2",
        "_sha3",
        "_signal",
        "_sre",
        "_stat",
        "_statistics",
        "_string",
        "_struct",
        "_suggestions",
        "_symtable",
        "_sysconfig",
        "_thread",
        "_tokenize",
        "_tracemalloc",
        "_typing",
        "_warnings",
        "_weakref",
        "_zoneinfo",
        "array",
        "atexit",
        "binascii",
        "builtins",
        "cmath",
        "errno",
        "gc",
        "itertools",
        "marshal",
        "math",
        "posix",
        "pyexpat",
        "sys",
        "time",
        "unicodedata",
        "zlib",
    }
)

#: C modules that need a library which a runtime may lack, and the text of their refusal there.
OPTIONAL_BUILT_IN: dict[str, str] = {
    "_bz2": "the bzip2 library is not linked into this runtime; use zlib or lzma",
    "_lzma": "the LZMA library is not linked into this runtime; use zlib",
    "_sqlite3": "SQLite is not linked into this runtime; keep data in dict objects or in stable memory",
}

#: The optional C modules that a runtime built by this project has (cpython/recipes).
LINKED_LIBRARIES: frozenset[str] = frozenset({"_bz2", "_lzma", "_sqlite3"})

#: Pure-Python modules that are of no use without one of the optional C modules.
_FRONTS: dict[str, str] = {"bz2": "_bz2", "lzma": "_lzma", "sqlite3": "_sqlite3"}


def _rule(table: dict[str, str], name: str) -> str | None:
    while name:
        if name in table:
            return name
        name = name.rpartition(".")[0]
    return None


def fate(name: str, built_in: frozenset[str] = BUILT_IN) -> tuple[str, str]:
    """What happens to module ``name`` and why: one of "shipped", "frozen", "built in", "refused", "left out".

    ``built_in`` holds the C modules of the runtime at hand; it decides about the optional ones.
    """
    refused = _rule(REFUSED, name)
    if refused is not None:
        return "refused", REFUSED[refused]
    left_out = _rule(LEFT_OUT, name)
    if left_out is not None:
        return "left out", LEFT_OUT[left_out]
    top = name.partition(".")[0]
    needed = _FRONTS.get(top, top)
    if needed in OPTIONAL_BUILT_IN and needed not in built_in:
        return "refused", OPTIONAL_BUILT_IN[needed]
    if name in FROZEN:
        return "frozen", "the interpreter carries it inside itself"
    if name in BUILT_IN or name in built_in:
        return "built in", "linked into the runtime"
    return "shipped", "pure Python"


def refusal_texts(built_in: frozenset[str] = BUILT_IN) -> dict[str, str]:
    """The text of the ImportError for each refused or left-out name, as a user shall read it."""
    optional = {*OPTIONAL_BUILT_IN, *_FRONTS}
    names = {*REFUSED, *LEFT_OUT, *(name for name in optional if fate(name, built_in)[0] == "refused")}
    texts = {}
    for name in sorted(names):
        kind, reason = fate(name, built_in)
        verb = "cannot work in a canister" if kind == "refused" else "is not part of a canister"
        texts[name] = f"module '{name}' {verb}: {reason}"
    return texts
