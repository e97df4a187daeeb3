"""Pieces of Python programs, drawn by Hypothesis: each exercises something that could depend on chance.

A fragment is program text that shows what it sees with ``show``.  It may use the names of earlier fragments
of the same canister, ``a`` to ``e``; what fails is an exception like any other.  Whatever can be seen of
addresses, hashes, the collector, floats or clocks is shown on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

from hypothesis import strategies as st

__all__ = ["ANYWHERE", "CANISTER", "COROUTINES", "Fragment", "kinds_of"]

Fragment = st.SearchStrategy[str]

_NAMES = st.sampled_from("abcde")
_WORDS = st.text(max_size=12).map(repr)
_SMALL = st.integers(-50, 50)
_INTS = (st.integers(-(2**70), 2**70) | _SMALL).map(repr)
_FLOAT_TEXTS = (
    "float('inf')",
    "float('-inf')",
    "float('nan')",
    "-0.0",
    "5e-324",
    "1.7976931348623157e308",
    "0.1",
)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.sampled_from(_FLOAT_TEXTS)
_BYTES = st.binary(max_size=20).map(repr)
_ATOMS = st.one_of(
    _WORDS, _INTS, _FLOATS, _BYTES, st.sampled_from(["None", "True", "()", "frozenset('abc')"])
)
_KEYS = st.one_of(
    _WORDS, _INTS, _FLOATS, _BYTES, st.tuples(_WORDS, _INTS).map(lambda pair: f"({pair[0]}, {pair[1]})")
)


def _listing(items: Fragment, most: int = 8) -> st.SearchStrategy[str]:
    return st.lists(items, max_size=most).map(lambda found: "[" + ", ".join(found) + "]")


_EXPRESSIONS: Fragment = st.recursive(
    st.one_of(_ATOMS, _NAMES, _listing(_ATOMS)),
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "/", "//", "%", "==", "<", "and", "or", "in"]), inner
        ).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(
            st.sampled_from(["len", "str", "hash", "sorted", "list", "repr", "bool", "set"]), inner
        ).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, _SMALL).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]}, {parts[1]})"),
    ),
    max_leaves=6,
)


def _text(template: str, **values: Fragment) -> Fragment:
    """``template`` with the drawn values in the places ``<name>``."""
    body = dedent(template).strip("\n")

    def fill(drawn: dict[str, str]) -> str:
        text = body
        for name, value in drawn.items():
            text = text.replace(f"<{name}>", value)
        return text

    return st.fixed_dictionaries(values).map(fill)


def _numbers(low: int, high: int) -> Fragment:
    return st.integers(low, high).map(str)


_PURE: dict[str, Fragment] = {
    "expressions": _text(
        """
        <name> = <value>
        show(repr(<name>)[:300], repr(<other>)[:300])
        """,
        name=_NAMES,
        value=_EXPRESSIONS,
        other=_EXPRESSIONS,
    ),
    "dicts": _text(
        """
        <name> = dict.fromkeys(<keys>, 1)
        for key in list(<name>)[::<step>]:
            del <name>[key]
        <name>.update((key, hash(key)) for key in <more>)
        show(<name>, [*reversed(<name>)], <name>.popitem() if <name> else None)
        """,
        name=_NAMES,
        keys=_listing(_KEYS, 20),
        more=_listing(_KEYS),
        step=_numbers(1, 4),
    ),
    "sets": _text(
        """
        left, right = set(<keys>), frozenset(<more>)
        show([*left], [*right], hash(right), [*(left ^ right)], [*(left & right)])
        show(left.pop() if left else None)
        """,
        keys=_listing(_KEYS, 20),
        more=_listing(_KEYS),
    ),
    "strings": _text(
        """
        import string, textwrap, unicodedata
        text = <text> + <more>
        show(text.encode("utf-8", "replace"), text.casefold(), text[::-1], hash(text), f"{text!r:>30}")
        show([unicodedata.category(letter) for letter in text], unicodedata.normalize("NFKD", text))
        show("%s|%.3r|%5d" % (text, text, len(text)), string.Template("$x").substitute(x=text), ascii(text))
        show(text.split(), text.isidentifier())
        """,
        text=_WORDS,
        more=_WORDS,
    ),
    "floats": _text(
        """
        import math, struct
        x, y = <x>, <y>
        for name in ("__add__", "__sub__", "__mul__", "__truediv__", "__mod__", "__floordiv__", "__pow__"):
            try:
                result = getattr(x, name)(y)
                show(name, result, f"{result:.17g}", isinstance(result, float) and struct.pack("<d", result))
            except (ArithmeticError, ValueError) as error:
                show(name, error)
        show(x.hex(), repr(x), f"{x:e}", f"{x:.3f}", f"{x:g}", f"{x:,.2f}", f"{x:%}", hash(x))
        show(math.fsum([x, y, 0.1]))
        for name in ("sqrt", "sin", "exp", "log", "gamma", "ceil", "atan", "cosh", "cbrt", "expm1"):
            try:
                show(name, getattr(math, name)(x))
            except (ArithmeticError, ValueError) as error:
                show(name, error)
        show(struct.pack("<f", min(max(y, -1e38), 1e38)), math.copysign(1.0, x - x), complex(x, y) * 1j)
        """,
        x=_FLOATS,
        y=_FLOATS,
    ),
    "bytes": _text(
        """
        import array, struct, zlib, base64
        data = bytearray(<data>) * <count>
        view = memoryview(data)[::-1]
        show(bytes(view), zlib.crc32(data), zlib.adler32(data), zlib.compress(data), base64.b85encode(data))
        show(struct.unpack("<%dB" % len(data), data)[:5], array.array("H", bytes(data) * 2).tolist()[:5])
        show(int.from_bytes(data, "big", signed=True), hash(bytes(data)), data.hex(" "))
        """,
        data=_BYTES,
        count=_numbers(0, 5),
    ),
    "order by id and hash": _text(
        """
        class Thing:
            def __init__(self, number): self.number = number
        things = [Thing(number) for number in range(<count>)]
        del things[::<step>]
        things += [Thing(number) for number in range(100, 100 + <more>)]
        show([thing.number for thing in sorted(things, key=id)])
        show([thing.number for thing in sorted(things, key=hash)], [thing.number for thing in set(things)])
        show(things[0], id(things), hash(Thing), id(show))
        <name> = things
        """,
        count=_numbers(8, 40),
        step=_numbers(2, 5),
        more=_numbers(0, 20),
        name=_NAMES,
    ),
    "generators": _text(
        """
        def produce(limit):
            total = 0
            try:
                while total < limit:
                    got = yield total
                    total += got if got is not None else 1
            except ValueError as error:
                yield f"caught {error}"
            finally:
                show("closed at", total)
        one = produce(<limit>)
        show(next(one), one.send(<step>), [*produce(<step>)])
        show(one.throw(ValueError("thrown")))
        one.close()
        held = produce(<limit>)
        next(held)
        del held
        <name> = produce(<limit>)
        show(sum(<name>), [value for value in (number * 2 for number in range(<step>))])
        """,
        limit=_numbers(5, 40),
        step=_numbers(1, 9),
        name=_NAMES,
    ),
    "exceptions": _text(
        """
        import traceback
        def fall(depth):
            try:
                if depth == 0:
                    return <value>[<index>]
                return fall(depth - 1)
            except TypeError as error:
                raise LookupError(depth) from error
            finally:
                show("left", depth)
        try:
            show(fall(<depth>))
        except Exception as error:
            show(traceback.format_exc())
        try:
            raise ExceptionGroup("several", [ValueError(<index>), KeyError("k"), OSError(<depth>, "o")])
        except* (KeyError, OSError) as group:
            show(group.exceptions)
        except* ValueError as group:
            show(repr(group))
        """,
        value=_ATOMS,
        index=_SMALL.map(str),
        depth=_numbers(0, 6),
    ),
    "cycles": _text(
        """
        class Node:
            def __init__(self, name): self.name, self.next = name, self
            def __del__(self): show("gone", self.name)
        nodes = [Node(number) for number in range(<count>)]
        for one, other in zip(nodes, nodes[1:]):
            one.next = other
        nodes[-1].next = nodes[0]
        del nodes[<keep>:], one, other
        show(gc.collect(), gc.get_count(), gc.get_stats()[2]["collected"], len(gc.garbage))
        <name> = nodes
        """,
        count=_numbers(3, 12),
        keep=_numbers(0, 3),
        name=_NAMES,
    ),
    "collections by themselves": _text(
        """
        import weakref
        class Knot:
            pass
        seen = []
        def tie(number):
            knot = Knot()
            knot.self = knot
            weakref.finalize(knot, seen.append, number)
        for number in range(<count>):
            tie(number)
        show(len(seen), seen[-3:], gc.get_count(), gc.get_threshold())
        """,
        count=_numbers(0, 3000),
    ),
    "weak references": _text(
        """
        import weakref
        class Box(list):
            __hash__ = object.__hash__
            __eq__ = object.__eq__
        boxes = weakref.WeakValueDictionary()
        kept = [Box([number]) for number in range(<count>)]
        for box in kept:
            boxes[box[0]] = box
        watched = [weakref.ref(box, lambda reference: show("lost", id(reference))) for box in kept]
        del kept[::<step>], box
        show([*boxes.items()], [reference() is None for reference in watched])
        show([*weakref.WeakSet(kept)], weakref.getweakrefcount(kept[0]) if kept else "none")
        """,
        count=_numbers(1, 12),
        step=_numbers(2, 4),
    ),
    "seeded random": _text(
        """
        import random
        generator = random.Random(<seed>)
        numbers = [generator.random(), generator.gauss(0, 1), generator.getrandbits(70)]
        cards = [*range(<count>)]
        generator.shuffle(cards)
        show(numbers, cards, generator.choices("abc", k=5), generator.sample(range(100), 4))
        random.seed(<seed>)
        show(random.random(), hash(random.getstate()))
        """,
        seed=st.one_of(_INTS, _WORDS, _FLOATS, _BYTES),
        count=_numbers(0, 20),
    ),
    "json and regular expressions": _text(
        """
        import json, re
        value = {"k": <words>, <word>: [<x>, None, True], "n": <number>}
        text = json.dumps(value, ensure_ascii=False, indent=<indent>)
        show(text, json.loads(text) == value, json.dumps(value, sort_keys=True))
        show(re.findall(r"[\\w.]+|(?<=,)\\s*", text), re.sub(r"(\\d)(\\d?)", r"<\\2\\1>", text))
        show(re.split("[aeiou]", text), re.escape(<word>))
        """,
        words=_listing(_WORDS),
        word=_WORDS,
        x=_FLOATS,
        number=_INTS,
        indent=_numbers(0, 3),
    ),
    "decimals and fractions": _text(
        """
        import decimal, fractions, statistics
        context = decimal.Context(prec=<precision>, rounding=decimal.ROUND_HALF_EVEN)
        one, two = decimal.Decimal(<number>), decimal.Decimal(repr(<x>))
        for name in ("add", "multiply", "divide", "power", "remainder"):
            try:
                show(name, getattr(context, name)(one, two))
            except decimal.DecimalException as error:
                show(name, type(error).__name__)
        show(context.flags, hash(one), one.as_tuple(), f"{one:,.3f}")
        show(fractions.Fraction(<number>, 7).limit_denominator(<precision>))
        show(statistics.stdev([1.5, 2.5, <small>]))
        """,
        precision=_numbers(1, 40),
        number=_INTS,
        x=_FLOATS,
        small=_SMALL.map(str),
    ),
    "dates": _text(
        """
        import datetime, zoneinfo, calendar
        moment = datetime.datetime.fromtimestamp(<seconds>, datetime.timezone.utc)
        show(moment.isoformat(), moment.strftime("%A %j %U %c %x %p"), hash(moment), repr(moment.timetz()))
        for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata"):
            local = moment.astimezone(zoneinfo.ZoneInfo(name))
            show(local, local.tzname(), local.dst(), local + datetime.timedelta(days=<days>))
        show(calendar.month(moment.year, moment.month))
        """,
        seconds=_numbers(0, 2**31),
        days=_SMALL.map(str),
    ),
    "hashes": _text(
        """
        import hashlib, hmac, uuid
        for name in sorted(hashlib.algorithms_guaranteed):
            digest = hashlib.new(name, <data>)
            show(name, digest.hexdigest(8) if "shake" in name else digest.hexdigest())
        show(hmac.digest(b"key", <data>, "sha256").hex(), uuid.uuid5(uuid.NAMESPACE_DNS, <word>))
        show(hash(<word>), hash(<data>), hash((<word>, <data>)), hash(<x>))
        """,
        data=_BYTES,
        word=_WORDS,
        x=_FLOATS,
    ),
    "classes": _text(
        """
        import copy, dataclasses, enum, functools, pickle
        class Meta(type):
            def __prepare__(name, bases): return {"made": name}
        class Base(metaclass=Meta):
            __slots__ = ("x", "y", "__weakref__")
            def __init_subclass__(cls): show("subclass", cls.__name__)
        class Left(Base): pass
        class Right(Base): pass
        class Both(Left, Right): pass
        @dataclasses.dataclass(order=True, frozen=True)
        class Point:
            x: object
            y: object = <y>
        class Colour(enum.Flag):
            RED, BLUE, GREEN = 1, 2, <bit>
        show(Both.__mro__, [*vars(Base)], Point(<x>), hash(Point(<x>)), Colour(<bit> | 1), [*Colour])
        show(copy.deepcopy([Point(<x>)] * 2), pickle.dumps([<x>, <y>, {<y>: <x>}]), Base)
        <name> = Both()
        """,
        x=_KEYS,
        y=_KEYS,
        bit=st.sampled_from(["4", "8", "6"]),
        name=_NAMES,
    ),
    "great integers": _text(
        """
        import math
        n = <number> ** <power>
        show(n, n.bit_length(), hash(n), n % 97, -n >> 3, divmod(n, 1_000_003), math.isqrt(abs(n)), f"{n:#x}")
        show(pow(3, abs(n), 10**9 + 7), math.gcd(n, 2**64 - 1), int(str(n)) == n)
        show(float(n) if abs(n) < 2**1000 else "great")
        """,
        number=_INTS,
        power=_numbers(0, 25),
    ),
    "much memory": _text(
        """
        <name> = [bytes(<size>) for _ in range(<count>)]
        other = {number: [number] for number in range(<count> * 20)}
        del <name>[::2]
        show(len(<name>), len(other), sum(map(len, <name>)))
        """,
        name=_NAMES,
        size=st.sampled_from(["100", "3000", "70000", "600000"]),
        count=_numbers(0, 40),
    ),
    "containers": _text(
        """
        import bisect, collections, functools, heapq, itertools
        items = <items>
        counted = collections.Counter(map(repr, items))
        show(counted.most_common(3), collections.deque(items, 3), [*itertools.permutations(items[:3])][:4])
        heap = [(hash(item) % 7, number) for number, item in enumerate(items)]
        heapq.heapify(heap)
        show(heap, heapq.nsmallest(3, heap), sorted(items, key=repr))
        show([*itertools.accumulate(map(len, map(repr, items)))])
        @functools.lru_cache(maxsize=4)
        def slow(number): return number * 2
        show([slow(number % 6) for number in range(20)], slow.cache_info())
        groups = collections.defaultdict(list)
        for item in items:
            groups[type(item)].append(item)
        show(dict(groups), collections.ChainMap({"x": 1}, {"y": 2}))
        show(collections.OrderedDict.fromkeys(map(str, items)))
        """,
        items=_listing(_KEYS, 12),
    ),
    "recursion": _text(
        """
        def down(depth): return 0 if depth == 0 else 1 + down(depth - 1)
        try:
            show(down(<depth>))
        except RecursionError as error:
            show(error)
        nested = []
        for _ in range(<depth> * 3):
            nested = [nested]
        try:
            show(len(repr(nested)))
        except RecursionError as error:
            show(error)
        """,
        depth=_numbers(0, 2500),
    ),
    "comprehensions and matching": _text(
        """
        def kind(value):
            match value:
                case int() | float() as number if number == number: return f"number {number}"
                case [first, *rest]: return f"from {kind(first)} on, {len(rest)} more"
                case {"k": inner}: return kind(inner)
                case str() as text: return text.upper()
                case _: return type(value).__name__
        show([kind(value) for value in <items>], {kind(value): value for value in <items>})
        show({*(str(x)[:1] for x in <items>)}, (lambda *a, **k: (a, k))(*<items>[:2], z=1), [y := 1, y + 1])
        """,
        items=_listing(_KEYS),
    ),
    "files": _text(
        """
        import io, os, pathlib, tempfile
        folder = pathlib.Path("/tmp/trace")
        folder.mkdir(parents=True, exist_ok=True)
        for name in <names>:
            (folder / f"{name}.txt").write_bytes(<data> * name)
        show(os.listdir(folder), [*folder.glob("*")])
        show([(entry.name, entry.stat().st_size) for entry in os.scandir(folder)])
        if <names>:
            (folder / f"{<names>[0]}.txt").unlink()
        show(os.listdir(folder), os.getcwd(), [*os.walk("/tmp/trace")])
        """,
        names=st.lists(st.integers(0, 30), max_size=6).map(repr),
        data=_BYTES,
    ),
    "surroundings": _text(
        """
        import locale, os, platform, sys, threading
        show(os.environ, sys.argv, sys.hash_info, sys.flags, platform.platform(), threading.get_ident())
        show(threading.main_thread(), locale.getlocale(), sys.getfilesystemencoding(), sys.platform)
        show(sys.getrefcount(<name>) if "<name>" in globals() else "", sys.getsizeof([<value>]), sys.path)
        """,
        name=_NAMES,
        value=_ATOMS,
    ),
}

_IN_CANISTERS: dict[str, Fragment] = {
    "clocks and counters": _text(
        """
        import datetime, time
        show(time.time_ns(), time.monotonic(), time.perf_counter_ns(), datetime.datetime.now())
        before = ic.performance_counter(0)
        <name> = [*range(<count>)]
        show(before, ic.performance_counter(0), ic.performance_counter(1), ic.time(), time.localtime())
        show(ic.canister_balance128())
        """,
        name=_NAMES,
        count=_numbers(0, 2000),
    ),
    "entropy": _text(
        """
        import os, random, secrets, uuid
        show(os.urandom(<count>), secrets.token_hex(4), uuid.uuid4(), random.SystemRandom().random())
        show(random.Random().random(), random.random(), random.choice("abcdef"))
        """,
        count=_numbers(0, 40),
    ),
    "stable maps": _text(
        """
        for key in <words>:
            table[key] = len(key)
        for number in <numbers>:
            by_number[number] = str(number) * <count>
        show([*table.items()], [*by_number], table.first(), by_number.last(), len(table))
        while len(by_number) > 12:
            show(by_number.pop_first())
        show([*table.range(<word>)], ic.stable64_size())
        """,
        words=_listing(_WORDS),
        numbers=_listing(_INTS),
        count=_numbers(0, 30),
        word=_WORDS,
    ),
    "stable sequences": _text(
        """
        for number in <numbers>:
            vector.append(number)
            queue.push((number % 5, str(number)))
            log.append(f"{number} {<word>}")
        show([*vector], len(log), queue.pop() if len(queue) else None, [*log][-3:])
        """,
        numbers=st.lists(st.integers(0, 2**64 - 1), max_size=6).map(repr),
        word=_WORDS,
    ),
    "timers": _text(
        """
        for seconds in <delays>:
            after(seconds, lambda seconds=seconds: show("rang", seconds, ic.time()))
        """,
        delays=st.lists(st.integers(0, 9), max_size=4).map(repr),
    ),
    "console": _text("print_to_console(<value>)", value=_ATOMS),
    "endless": _text(
        """
        <name> = 0
        while True:
            <name> += 1
        """,
        name=_NAMES,
    ),
    "trap": _text("ic.trap(<word>)", word=_WORDS),
    "uncaught": _text("raise KeyError(<value>)", value=_ATOMS),
}

_CALLS: dict[str, Fragment] = {
    "await": _text(
        """
        async def main():
            show(ic.candid_decode(await me("execute", <program>)))
            try:
                return await me("execute", "raise ValueError(<small>)")
            except CallRejected as error:
                return error.code, error.message
        """,
        program=_WORDS.map(lambda word: repr(f"show({word})")),
        small=_SMALL.map(str),
    ),
    "side by side": _text(
        """
        async def main():
            calls = [me("execute", f"show({number}, ic.time())") for number in range(<count>)]
            answers = await ic.gather(*(call.result() for call in calls))
            return [answer.Ok or answer.Err for answer in answers]
        """,
        count=_numbers(0, 5),
    ),
    "deep": _text(
        """
        async def main():
            async def down(depth):
                if depth == 0:
                    return await me("look", "show(1)")
                try:
                    return await down(depth - 1)
                finally:
                    show("up", depth)
            return await down(<depth>)
        """,
        depth=_numbers(0, 8),
    ),
    "network's entropy": _text(
        """
        async def main():
            import random
            await ic.seed_random()
            return random.SystemRandom().getrandbits(<bits>)
        """,
        bits=_numbers(1, 128),
    ),
    "trap after await": _text(
        """
        async def main():
            scope["x"] = 1
            try:
                await me("execute", "kept = 1")
                raise ZeroDivisionError(<small>)
            finally:
                show("finally")
        """,
        small=_SMALL.map(str),
    ),
}


def _marked(kinds: dict[str, Fragment]) -> dict[str, Fragment]:
    def mark(name: str) -> Callable[[str], str]:
        return lambda text: f"# {name}\n{text}"

    return {name: fragment.map(mark(name)) for name, fragment in kinds.items()}


#: What runs while a canister is built as well as in one, by name.
ANYWHERE: dict[str, Fragment] = _marked(_PURE)
#: What needs a canister.
CANISTER: dict[str, Fragment] = _marked(_IN_CANISTERS)
#: Programs for ``converse``: they define a coroutine function ``main``.
COROUTINES: dict[str, Fragment] = _marked(_CALLS)


def kinds_of(text: str) -> list[str]:
    """Names of the fragments in a program."""
    known = {*ANYWHERE, *CANISTER, *COROUTINES}
    return [line.strip()[2:] for line in text.splitlines() if line.strip()[2:] in known]
