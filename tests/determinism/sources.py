"""One probe for each source of chance that Python has: what a canister sees of it.

The texts run in the interpreter canister and, for contrast, in two processes of the host's Python whose
surroundings differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.determinism.engines import OTHER

__all__ = ["SOURCES", "Source", "host_differs"]


@dataclass(frozen=True)
class Source:
    """A source of chance: its name, what is done about it, and a program that shows it."""

    name: str
    remedy: str
    program: str


def _source(name: str, remedy: str, program: str) -> Source:
    return Source(name, remedy, dedent(program).strip())


SOURCES: tuple[Source, ...] = (
    _source(
        "hash secret",
        "fixed by value when the interpreter starts",
        """
        show(hash("a"), hash(b"a"), [*{"a", "b", "c", "d", "e"}])
        """,
    ),
    _source(
        "clocks",
        "all are the time of the message",
        """
        import time, datetime
        show(time.time_ns(), time.monotonic(), time.perf_counter_ns(), datetime.datetime.now())
        """,
    ),
    _source(
        "entropy",
        "none but what the network's `raw_rand` has seeded",
        """
        import os, uuid, random
        show(os.urandom(8).hex(), uuid.uuid4(), random.Random().random())
        """,
    ),
    _source(
        "environment",
        "none: no variables, arguments, user, process",
        """
        import os, sys, platform
        show(len(os.environ), sys.argv[1:], os.environ.get("PYTHONHASHSEED"), platform.node())
        try:
            show(os.getpid())
        except (AttributeError, OSError) as error:
            show(error)
        """,
    ),
    _source(
        "locale",
        "`C` with UTF-8, by value",
        """
        import locale, time, datetime
        locale.setlocale(locale.LC_ALL, "")
        show(f"{1234567.8:n}", datetime.date(2024, 3, 1).strftime("%A %x"), time.tzname, time.localtime(0))
        """,
    ),
    _source(
        "float formatting",
        "Python's own algorithms, no function of the C library",
        """
        import math
        show(0.1 + 0.2, 1e23, 5e-324, 2**0.5, f"{math.pi:.30f}", (1.1).hex(), float("1.7976931348623159e308"))
        show(math.sin(1e22), math.exp(1.5), math.gamma(0.3), math.log1p(1e-9), 0.1**0.1)
        """,
    ),
    _source(
        "NaN bits",
        "made canonical by the compiler",
        """
        import struct
        inf = float("inf")
        show(struct.pack("<d", inf - inf).hex(), struct.pack("<d", inf * 0.0).hex())
        show(struct.pack("<f", inf - inf).hex())
        """,
    ),
    _source(
        "threads",
        "there is one, its number is a constant",
        """
        import threading
        show(threading.get_ident(), getattr(threading, "get_native_id", str)())
        """,
    ),
    _source(
        "addresses",
        "part of the memory, which begins the same everywhere",
        """
        class Thing: pass
        things = [Thing() for _ in range(6)]
        show(id(things), things[0], [things.index(thing) for thing in sorted(things, key=hash)], hash(None))
        """,
    ),
    _source(
        "order of directories",
        "names in the order of their making",
        """
        import os, tempfile
        folder = tempfile.mkdtemp()
        for name in "qwertyuiop":
            open(os.path.join(folder, name), "w").close()
        show(os.listdir(folder), os.path.basename(folder))
        """,
    ),
    _source(
        "points of collection",
        "counted in objects; what was collected while building is part of the image",
        """
        import gc, weakref
        class Knot: pass
        gone = []
        for number in range(3000):
            knot = Knot()
            knot.self = knot
            weakref.finalize(knot, gone.append, number)
        show(gc.get_count(), len(gone))
        """,
    ),
    _source(
        "order of modules and caches",
        "part of the image",
        """
        import sys, re
        show(len(sys.modules), [*sys.modules][:4], len(sys.intern("a" * 3)), sys.getrefcount(None))
        """,
    ),
)


def host_differs(source: Source, folder: Path) -> bool:
    """Whether two processes of the host's Python show different things."""
    answers = []
    for environment in ({}, {**OTHER, "PYTHONHASHSEED": "1", "EXTRA": "1"}):
        ended = subprocess.run(
            [sys.executable, "-c", f"show = print\n{source.program}"],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": "random", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        answers.append((ended.returncode, ended.stdout))
    return answers[0] != answers[1]
