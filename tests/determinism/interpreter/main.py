"""A canister that runs the program text it is sent; traces of generated programs are messages to it.

Names live in one namespace from message to message.  What a program prints is the reply; an exception that it
lets through is a trap, and the message leaves nothing behind.
"""

# What programs import as well: here it costs no message anything.  Other modules they import afresh.
import base64 as _base64  # noqa: F401
import calendar as _calendar  # noqa: F401
import dataclasses as _dataclasses  # noqa: F401
import datetime as _datetime  # noqa: F401
import decimal as _decimal  # noqa: F401
import enum as _enum  # noqa: F401
import gc
import hashlib as _hashlib  # noqa: F401
import json as _json  # noqa: F401
import pickle as _pickle  # noqa: F401
import random
import statistics as _statistics  # noqa: F401
import tempfile as _tempfile  # noqa: F401
import traceback as _traceback  # noqa: F401
import uuid as _uuid  # noqa: F401
import weakref
import zoneinfo as _zoneinfo
from collections.abc import Callable

from basilisk import (
    Async,
    CallRejected,
    StableBTreeMap,
    StableCell,
    StableLog,
    StableMinHeap,
    StableVec,
    ic,
    nat64,
    post_upgrade,
    pre_upgrade,
    query,
    update,
)

table = StableBTreeMap[str, int](0)
by_number = StableBTreeMap[int, str](1)
vector = StableVec[nat64](2)
log = StableLog[str](3, data_memory_id=4)
queue = StableMinHeap[tuple[nat64, str]](5)
saved = StableCell[str](6, default="")

lines: list[str] = []
timers_run: list[str] = []
namespace: dict[str, object] = {}


def show(*values: object) -> None:
    """What programs print with: the reply of the message."""
    lines.append(" ".join(map(str, values)))


def reset() -> None:
    namespace.clear()
    namespace.update(
        show=show,
        ic=ic,
        gc=gc,
        random=random,
        weakref=weakref,
        table=table,
        by_number=by_number,
        vector=vector,
        log=log,
        queue=queue,
        CallRejected=CallRejected,
        after=after,
        me=me,
        print_to_console=print,
    )


def after(seconds: float, what: Callable[[], object]) -> None:
    """Have ``what`` run by a timer; what it shows is seen by a later message."""

    def fire() -> None:
        what()
        timers_run.extend(lines)
        lines.clear()

    ic.set_timer(seconds, fire)


def me(method: str, argument: str):  # type: ignore[no-untyped-def]
    """A call of a method of this canister."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return ic.call_raw(ic.id(), method, ic.candid_encode(f'("{escaped}")'), 0)


def take() -> str:
    text = "\n".join([*timers_run, *lines])
    timers_run.clear()
    lines.clear()
    return text


@update
def execute(program: str) -> str:
    """Run ``program``; what it showed."""
    lines.clear()
    exec(compile(program, "message", "exec"), namespace)
    return take()


@query
def look(program: str) -> str:
    """The same as a query: nothing of it stays."""
    lines.clear()
    exec(compile(program, "message", "exec"), namespace)
    return take()


@update
async def converse(program: str) -> str:
    """Run ``program``, which defines a coroutine function ``main``, and await that."""
    scope: dict[str, object] = {}
    exec(compile(program, "message", "exec"), namespace | {"scope": scope}, scope)
    result = await scope["main"]()  # type: ignore[operator]
    return f"{result}\n{take()}"


@update
def yielding(program: str) -> Async[str]:
    """The older way: a generator that yields its calls."""
    result = yield me("execute", program)
    return str(result.Ok if result.Err is None else result.Err)


@pre_upgrade
def leave() -> None:
    exec(compile(saved.get(), "before the upgrade", "exec"), namespace)


@post_upgrade
def arrive() -> None:
    show("arrived", len(table), len(vector), len(log), len(queue))


for zone in ("Europe/Berlin", "America/New_York", "Asia/Kolkata"):
    _zoneinfo.ZoneInfo(zone)  # which keeps the latest ones
reset()
namespace["on_upgrade"] = saved.set
