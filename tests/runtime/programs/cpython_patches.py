"""One function for each patch of CPython: it returns when the patch is in, and fails when it is not.

The functions run inside a canister; ``tests/runtime/test_cpython_patches.py`` calls them by name.
"""

import _random
import random

from basilisk import query, text


def refused(kind: type[BaseException], action: object, *arguments: object, **named: object) -> None:
    """``action`` must raise ``kind``."""
    try:
        action(*arguments, **named)  # type: ignore[operator]
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def logging_reentrant_handlers() -> None:
    import logging

    seen = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())
            if record.getMessage() == "outer":
                logging.getLogger("patch.inner").warning("inner")

    logger = logging.getLogger("patch")
    logger.addHandler(Handler())
    logger.propagate = False
    logger.warning("outer")
    assert seen == ["outer", "inner"], seen


def threads_say_why() -> None:
    import concurrent.futures
    import threading

    def start() -> None:
        threading.Thread(target=print).start()

    def submit() -> None:
        concurrent.futures.ThreadPoolExecutor().submit(print)

    for action in (start, submit):
        try:
            action()
        except RuntimeError as error:
            assert "one message at a time" in str(error) and "timer" in str(error), error
        else:
            raise AssertionError("a thread was started")
    assert threading.active_count() == 1


def sleep_says_why() -> None:
    import time

    time.sleep(0)
    try:
        time.sleep(0.001)
    except RuntimeError as error:
        assert "no time passes" in str(error) and "timer" in str(error), error
    else:
        raise AssertionError("sleep() ended")


def cve_2025_11468() -> None:
    from email import message_from_string
    from email.policy import default

    long = "a" * 60
    text = f"To: ({long} \\(escaped\\) {long}) x@example.com\n\nbody"
    folded = message_from_string(text, policy=default).as_string()
    assert "\\(" in folded, folded


def cve_2025_12084() -> None:
    import xml.dom.minidom

    assert not hasattr(xml.dom.minidom, "_in_document")


def cve_2025_13462() -> None:
    import io
    import tarfile

    long = tarfile.TarInfo("x" * 150)
    data = bytearray(long.tobuf(tarfile.GNU_FORMAT))
    inner = tarfile.TarInfo("name/")
    inner.type = tarfile.AREGTYPE
    blocks = bytes(data[:1024]) + inner.tobuf(tarfile.GNU_FORMAT)
    member = tarfile.open(fileobj=io.BytesIO(blocks + bytes(1024))).next()
    assert member is not None
    assert not member.isdir(), member.name


def cve_2025_13837() -> None:
    import plistlib

    assert hasattr(plistlib._BinaryPlistParser, "_read")


def cve_2025_6069() -> None:
    from html.parser import HTMLParser

    class Parser(HTMLParser):
        comments: list[str] = []  # noqa: RUF012

        def handle_comment(self, data: str) -> None:
            self.comments.append(data)

    parser = Parser()
    parser.feed("<!--" * 2000)
    parser.close()
    assert len(parser.comments) == 1, len(parser.comments)


def cve_2025_6075() -> None:
    import posixpath

    assert hasattr(posixpath, "_varpattern")
    assert posixpath.expandvars("$basilisk_none/${basilisk_none") == "$basilisk_none/${basilisk_none"


def cve_2025_8194() -> None:
    import tarfile

    refused(tarfile.InvalidHeaderError, tarfile.TarInfo()._block, -1)


def cve_2025_8291() -> None:
    import io
    import struct
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x", b"data")
    data = stream.getvalue()
    end = data.rindex(b"PK\5\6")
    count, size, offset = 1, end - data.index(b"PK\1\2"), data.index(b"PK\1\2")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end + 1, 1)  # one byte off
    refused(zipfile.BadZipFile, zipfile.ZipFile, io.BytesIO(data[:end] + record + locator + data[end:]))


def cve_2026_0672() -> None:
    from http.cookies import CookieError, Morsel

    refused(CookieError, Morsel().set, "key", "a\nb", "a\nb")


def cve_2026_0865() -> None:
    from wsgiref.headers import Headers

    refused(ValueError, Headers, [("X", "a\r\nSet-Cookie: b")])


def cve_2026_1299() -> None:
    import io
    from email.errors import HeaderWriteError
    from email.generator import BytesGenerator
    from email.message import Message
    from email.policy import compat32

    class Careless(type(compat32)):  # type: ignore[misc]
        def fold_binary(self, name: str, value: str) -> bytes:
            return f"{name}: {value}\n".encode()

    message = Message(policy=Careless())
    message["Subject"] = "hi\nBcc: all@example.com"
    refused(HeaderWriteError, BytesGenerator(io.BytesIO()).flatten, message)


def cve_2026_2297() -> None:
    from importlib import _bootstrap_external as external

    names = external.FileLoader.get_data.__code__.co_names
    assert "SourcelessFileLoader" in names, names


def cve_2026_3446() -> None:
    import binascii

    assert binascii.a2b_base64(b"abc=a") == b"i\xb7\x1a"


def cve_2026_4224() -> None:
    from xml.parsers.expat import ParserCreate

    parser = ParserCreate()
    parser.ElementDeclHandler = lambda name, model: None
    depth = 40_000
    text = f"<!DOCTYPE r [<!ELEMENT r {'(' * depth}a{')' * depth}>]><r/>"
    refused(RecursionError, parser.Parse, text, True)


def cve_2026_3644() -> None:
    from http.cookies import CookieError, Morsel

    refused(CookieError, Morsel().update, {"path": "a\nb"})


def cve_2026_6019() -> None:
    from http.cookies import SimpleCookie

    cookie = SimpleCookie()
    cookie["x"] = "</script><script>"
    assert "</script><script>" not in cookie.js_output()


def cve_2026_6019_utf8() -> None:
    from http.cookies import SimpleCookie

    assert "decodeURIComponent" in SimpleCookie("x=1").js_output()


def cve_2026_6100() -> None:
    import zlib

    # The pointer that stayed behind is not visible from Python; the error path must at least leave a
    # decompressor that refuses, call after call, without harm.
    decompressor = zlib._ZlibDecompressor()
    for _ in range(3):
        refused(zlib.error, decompressor.decompress, b"\xff" * 100)


def dict_clear_embedded_values() -> None:
    class Holder:
        pass

    class Reader:
        def __del__(self) -> None:
            seen.append(list(vars(holder).values()))

    seen: list[object] = []
    holder = Holder()
    holder.one = Reader()  # type: ignore[attr-defined]
    holder.two = [1] * 3  # type: ignore[attr-defined]
    vars(holder).clear()
    assert seen == [[]], seen


def traverse_managed_dicts() -> None:
    import gc

    class Holder:
        pass

    holder = Holder()
    holder.one = []  # type: ignore[attr-defined]
    shared = vars(holder)
    assert any(found is shared for found in gc.get_referents(holder))
    assert any(found is holder.one for found in gc.get_referents(shared))  # type: ignore[attr-defined]


def cve_2026_3276() -> None:
    import unicodedata

    # In quadratic time this takes more instructions than a query may.
    marks = "a" + "\u0300\u0327" * 30_000
    assert unicodedata.normalize("NFD", marks) == "a" + "\u0327" * 30_000 + "\u0300" * 30_000


def cve_2026_7774() -> None:
    import tarfile

    member = tarfile.TarInfo("./")
    member.type = tarfile.SYMTYPE
    member.linkname = "elsewhere"
    refused(tarfile.OutsideDestinationError, tarfile.data_filter, member, "/base")


def cve_2026_9669() -> None:
    from bz2 import BZ2Decompressor

    data = bytes.fromhex(
        "425a6839314159265359000000000000007fffff000000000000000000000000"
        "00000000000000000000000000000000000000e0370000000000000000000000"
        "000000000000000000000000000000000000000000000000000083f3"
    )
    decompressor = BZ2Decompressor()
    refused(OSError, decompressor.decompress, data)
    refused(ValueError, decompressor.decompress, bytes(18))


def cve_2026_6879() -> None:
    from xml.etree import ElementTree

    class Counting(ElementTree.Element):
        calls = 0

        def findall(self, *arguments: object) -> list[ElementTree.Element]:  # type: ignore[override]
            Counting.calls += 1
            return super().findall(*arguments)  # type: ignore[arg-type]

    root = Counting("root")
    for _ in range(200):
        ElementTree.SubElement(root, "a")
    Counting.calls = 0
    root.findall(".//a[1]")
    assert Counting.calls < 10, Counting.calls


def cve_2026_0864() -> None:
    import configparser
    import io

    config = configparser.ConfigParser()
    config["section"] = {"key": "one\rother = two"}
    stream = io.StringIO()
    config.write(stream)
    assert "\r" not in stream.getvalue()


def cve_2026_4360() -> None:
    import tarfile

    names = tarfile.TarFile.extract.__code__.co_consts
    assert any(isinstance(each, tuple) and "filter_function" in each for each in names), names


def cve_2026_11940() -> None:
    import tarfile

    code = tarfile.TarFile.makelink_with_filter.__code__
    assert "deep" in [word for each in code.co_consts if isinstance(each, tuple) for word in each], (
        code.co_consts
    )


def cve_2026_11972() -> None:
    import io
    import tarfile

    member = tarfile.TarInfo("huge")
    member.size = 1 << 40
    stream = io.BytesIO(member.tobuf(tarfile.GNU_FORMAT))
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        refused(tarfile.ReadError, archive.getmembers)


def random_unseeded() -> None:
    refused(RuntimeError, random.random)
    refused(RuntimeError, random.getrandbits, 8)
    refused(RuntimeError, random.getstate)
    refused(RuntimeError, random.shuffle, [1, 2, 3])
    # A seed of one's own still works, and gives the well-known sequence.
    assert random.Random(1).random() == 0.13436424411240122
    generator = _random.Random()
    refused(RuntimeError, generator.random)
    generator.seed(2)
    state = generator.getstate()
    first = generator.random()
    generator.seed()
    refused(RuntimeError, generator.random)
    generator.setstate(state)
    assert generator.random() == first


def urandom_without_entropy() -> None:
    import os
    import secrets

    for action in (lambda: os.urandom(4), lambda: secrets.token_bytes(4)):
        try:
            action()
        except RuntimeError as error:
            assert "raw_rand" in str(error), error
        else:
            raise AssertionError("random bytes out of nothing")


def methodcaller_clear() -> None:
    import gc
    import operator

    # The collector knows the dict only once it holds something, so it comes to the methodcaller first.
    cycle: dict[str, object] = {}
    cycle["caller"] = operator.methodcaller("get", cycle, key=cycle)
    del cycle
    assert gc.collect() > 0


def dict_emptied_by_eq() -> None:
    class Key:
        def __init__(self, then: dict[object, int] | None) -> None:
            self.then = then

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            if self.then is None:
                return isinstance(other, Key)
            table.clear()
            table.update(self.then)
            return False

    for insert in (dict.__setitem__, dict.setdefault):
        for then in ({}, {str(number): number for number in range(3)}):
            table: dict[object, int] = {Key(then): 0}
            insert(table, Key(None), 5)
            assert table[Key(None)] == 5
            for number in range(50):
                table[number] = number
            assert table[Key(None)] == 5


def umask() -> None:
    import os

    before = os.umask(0o027)
    assert before == 0o022 and os.umask(0o027) == 0o027
    os.mkdir("/tmp/masked")
    assert os.stat("/tmp/masked").st_mode & 0o7777 == 0o750
    os.rmdir("/tmp/masked")
    os.umask(before)


def dup() -> None:
    import os

    one = os.open("/tmp/dup", os.O_RDWR | os.O_CREAT)
    two = os.dup(one)
    assert two != one and os.path.sameopenfile(one, two) and not os.get_inheritable(two)
    os.write(one, b"abc")
    os.close(one)
    assert os.lseek(two, 0, os.SEEK_CUR) == 3 and os.pread(two, 9, 0) == b"abc"
    os.close(two)
    refused(OSError, os.dup, two)
    os.unlink("/tmp/dup")


def waiting_says_why() -> None:
    import queue
    import threading

    lock = threading.Lock()
    assert lock.acquire()
    refused(RuntimeError, lock.acquire)
    refused(RuntimeError, lock.acquire, timeout=1)
    assert not lock.acquire(blocking=False)
    refused(RuntimeError, threading.Event().wait, 1)
    items = queue.SimpleQueue()
    refused(RuntimeError, items.get)
    refused(RuntimeError, items.get, timeout=1)
    refused(queue.Empty, items.get_nowait)
    refused(queue.Empty, items.get, timeout=0)


@query
def check(name: text) -> text:
    """Run the function ``name``; "right", or "left out: …" when the module is not in the runtime."""
    try:
        globals()[name]()
    except ModuleNotFoundError as error:
        return f"left out: {error}"
    return "right"
