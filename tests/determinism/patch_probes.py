"""What each patch and each setting of the interpreter changes: a program and what is to be seen of it.

A probe is a canister's module with a method ``probe``.  Its text runs in the runtime as it is and in one that
lacks the patch; what a user would see is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from basilisk.engine.config import MAX_WASM_STACK
from tests.determinism.variants import Change, edit, without_patch

__all__ = ["PROBES", "Probe"]

_HEAD = "from basilisk import *\n\n"


@dataclass(frozen=True)
class Probe:
    """One row of the table.

    ``name`` is the patch or the setting, ``what`` says what the probe looks at, ``program`` is its module.
    ``change`` makes the variant's sources; None is for a setting of the engine, ``code_generation``, that is
    turned off instead.  Changes of one ``group`` do not touch each other: they may be made in one runtime.
    ``native_stack`` is what the probe runs on, in bytes.
    """

    name: str
    what: str
    change: Change | None
    program: str
    group: str = "settings"
    code_generation: str = ""
    native_stack: int = MAX_WASM_STACK


def _query(body: str, head: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{_HEAD}{head}\n\n@query\ndef probe() -> str:\n{lines}\n"


_SHIELD = """\
try:
    {}
except BaseException as error:
    return f"{{type(error).__name__}}: {{error}}".strip()"""


def _patch(name: str, what: str, program: str, native_stack: int = MAX_WASM_STACK) -> Probe:
    return Probe(name, what, without_patch(name), program, "patches", native_stack=native_stack)


_INTERPRETER = "bridge_crate/c/interpreter.c"

PROBES: tuple[Probe, ...] = (
    _patch(
        "cpython/0101-random-stays-unseeded.patch",
        "`random.Random().random()` without entropy",
        _query(_SHIELD.format("return str(Random().random())"), "from random import Random"),
    ),
    _patch(
        "cpython/0102-urandom-without-entropy.patch",
        "`os.urandom(8)` without entropy",
        _query(_SHIELD.format("return os.urandom(8).hex()"), "import os"),
    ),
    _patch(
        "cpython/0103-c-recursion-limit.patch",
        "recursion through `sorted(key=f)` on 1.5 MiB of native stack",
        _query(
            "sys.setrecursionlimit(10**6)\n\ndef f(x):\n    return sorted([1, 2], key=f)\n"
            + _SHIELD.format("return str(f(1))"),
            "import sys",
        ),
        native_stack=1_572_864,
    ),
    _patch(
        "cpython/0104-threads-say-why.patch",
        "`Thread.start()`",
        _query(_SHIELD.format("threading.Thread(target=print).start()"), "import threading"),
    ),
    _patch(
        "cpython/0105-sleep-says-why.patch",
        "`time.sleep(1)`",
        _query(_SHIELD.format("return str(time.sleep(1))"), "import time"),
    ),
    _patch(
        "cpython/0106-deallocation-depth.patch",
        "100,000 slices, each in the next, are freed",
        _query("value = None\nfor _ in range(100_000):\n    value = slice(value)\ndel value\nreturn 'freed'"),
    ),
    _patch(
        "cpython/0107-recursion-guards.patch",
        "`hash()` of 100,000 tuples, each in the next",
        _query(
            "value = ()\nfor _ in range(100_000):\n    value = (value,)\n"
            + _SHIELD.format("return str(hash(value))")
        ),
    ),
    _patch(
        "cpython/0108-nested-comprehensions.patch",
        "90 list comprehensions, each in the next, are compiled",
        _query(
            _SHIELD.format("return str(compile('[' * 90 + 'x' + ' for x in y]' * 90, 'x', 'eval').co_name)")
        ),
    ),
    _patch(
        "cpython/0109-parser-depth.patch",
        "`compile('-' * 300 + '1')` below 1,900 levels of `map`",
        _query(
            "sys.setrecursionlimit(10_000)\n" + _SHIELD.format("return str(down(1_900))"),
            "import sys\n\n\ndef down(left):\n"
            "    return next(map(down, [left-1])) if left else compile('-' * 300 + '1', '', 'eval').co_name",
        ),
    ),
    _patch(
        "cpython/0110-methodcaller-clear.patch",
        "`gc.collect()` when a `methodcaller` is in a cycle",
        _query(
            "cycle = {}\ncycle[0] = operator.methodcaller('f', cycle, key=cycle)\ndel cycle\n"
            "return str(gc.collect() > 0)",
            "import gc, operator",
        ),
    ),
    _patch(
        "cpython/0111-waiting-says-why.patch",
        "`Lock.acquire()` when it is held",
        _query(
            "lock = threading.Lock()\nlock.acquire()\n" + _SHIELD.format("return str(lock.acquire())"),
            "import threading",
        ),
    ),
    _patch(
        "cpython/0112-dict-emptied-by-eq.patch",
        "an equal key, after an `__eq__` emptied the dict while it was inserted",
        _query(
            "d = {}\nd[K(d)] = 0\nd[K(None)] = 5\nreturn str(d.get(K(None)))",
            "class K:\n    def __init__(self, then):\n        self.then = then\n"
            "    def __hash__(self):\n        return 1\n"
            "    def __eq__(self, other):\n        if self.then is None:\n            return True\n"
            "        self.then.clear()\n        return False",
        ),
    ),
    _patch(
        "cpython/0113-umask.patch",
        "permissions of a new file after `os.umask(0o077)`",
        _query(
            _SHIELD.format("os.umask(0o077)")
            + "\nopen('/tmp/x', 'w').close()\nreturn oct(os.stat('/tmp/x').st_mode)",
            "import os",
        ),
    ),
    _patch(
        "cpython/0114-dup.patch",
        "position of a file after `os.write` to a duplicate of it",
        _query(
            "file = os.open('/tmp/x', os.O_RDWR | os.O_CREAT)\n"
            + _SHIELD.format("os.write(os.dup(file), b'abc')\n    return str(os.lseek(file, 0, 1))"),
            "import os",
        ),
    ),
    _patch(
        "sqlite/0201-random-needs-entropy.patch",
        "SQL's `random()` without entropy",
        _query(
            _SHIELD.format("return str(sqlite3.connect(':memory:').execute('select random()').fetchone())"),
            "import sqlite3",
        ),
    ),
    _patch(
        "sqlite/0202-locks-within-one-process.patch",
        "two connections that write to one file",
        _query(
            "one, two = (sqlite3.connect('/tmp/x.db', timeout=0) for _ in range(2))\n"
            "one.execute('create table t (n)')\none.execute('insert into t values (1)')\n"
            + _SHIELD.format("return str(two.execute('insert into t values (2)').rowcount)"),
            "import sqlite3",
        ),
    ),
    Probe(
        "setting: fixed hash secret",
        "start, and the order of a set",
        edit(_INTERPRETER, {"config.use_hash_seed = 1;": "config.use_hash_seed = 0;"}),
        _query("return str([*{'a', 'b', 'c', 'd', 'e', 'f'}])"),
        "fixed hash secret",
    ),
    Probe(
        "setting: its value",
        "the order of a set",
        edit(_INTERPRETER, {"config.hash_seed = 0;": "config.hash_seed = 1;"}),
        _query("return str([*{'a', 'b', 'c', 'd', 'e', 'f'}])"),
    ),
    Probe(
        "setting: isolated configuration",
        "flags, environment, path",
        edit(
            _INTERPRETER,
            {
                "PyPreConfig_InitIsolatedConfig(": "PyPreConfig_InitPythonConfig(",
                "PyConfig_InitIsolatedConfig(": "PyConfig_InitPythonConfig(",
            },
        ),
        _query(
            "return str((sys.flags.isolated, sys.flags.ignore_environment, dict(os.environ), sys.path))",
            "import os, sys",
        ),
    ),
    Probe(
        "setting: UTF-8 mode",
        "encoding of the locale and of files",
        edit(_INTERPRETER, {"preconfig.utf8_mode = 1;": "preconfig.utf8_mode = 0;"}),
        _query(
            "return str((sys.flags.utf8_mode, locale.getencoding(), open('/tmp/x', 'w').encoding))",
            "import locale, sys",
        ),
    ),
    Probe(
        "setting: no clock while a program is imported",
        "`time.time()` in the module's body",
        edit(
            "bridge_crate/src/wasi/clock.rs",
            {
                'context::refuse("clock");\n                return errno::NOTSUP;': "ic0::time()",
            },
        ),
        _query(
            "return str(AT)",
            "import time\n\ntry:\n    AT = time.time()\nexcept OSError as error:\n    AT = error",
        ),
    ),
    Probe(
        "setting: no entropy before a seed",
        "`os.urandom(8)` before it is seeded",
        edit(
            "bridge_crate/src/entropy.rs",
            {"        if !generator.seeded {\n            return false;\n        }\n": ""},
        ),
        _query(_SHIELD.format("return getattr(os, 'u' + 'random')(8).hex()"), "import os"),
    ),
    Probe(
        "setting: garbage is collected before the snapshot",
        "what was collected, and the counts",
        edit("bridge_crate/src/mailbox.rs", {"while raw::PyGC_Collect() > 0 {}": ""}),
        _query(
            "return str((GONE, gc.get_count()))",
            "import gc, weakref\n\nclass Knot:\n    pass\n\nGONE = []\n\ndef tie():\n    knot = Knot()\n"
            "    knot.self = knot\n    weakref.finalize(knot, GONE.append, 1)\n\ntie()",
        ),
    ),
    Probe(
        "setting: the compiler makes NaNs canonical",
        "the bits of `inf - inf`",
        None,
        _query("x = float('inf')\nreturn struct.pack('>d', x - x).hex()", "import struct"),
        "engine",
        "cranelift_nan_canonicalization",
    ),
)
