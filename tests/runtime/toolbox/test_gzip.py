"""Compression: right, the same everywhere, close to plain gzip, and incremental."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basilisk.errors import ArtefactError
from basilisk.toolbox import Toolbox
from basilisk.toolbox.machine import INTERFACE, Machine
from basilisk.wasm.link import link

from .cases import PAGE, wat

quick = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@quick
@given(
    data=st.one_of(
        st.binary(max_size=300), st.integers(0, 400_000).map(lambda n: b"wasm module " * (n // 12))
    )
)
def test_gzip_of_anything_unpacks(toolbox: Toolbox, data: bytes) -> None:
    """gunzip(gzip(data)) == data for any bytes, modules or not; one stream, and its ISIZE is right."""
    packed = toolbox.gzip(data)
    stream = zlib.decompressobj(wbits=31)
    assert stream.decompress(packed) == data
    assert stream.eof
    assert stream.unused_data == b""
    assert packed[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    assert int.from_bytes(packed[-4:], "little") == len(data)


def canister(seed: int, pages: int = 48) -> bytes:
    """A module like a canister: a memory of text-like, table-like and random parts."""
    source = random.Random(seed)
    memory = bytearray(pages * PAGE)
    words = [source.randbytes(source.randint(2, 12)) for _ in range(500)]
    for page in range(pages):
        kind = page % 3
        if kind == 0:
            part = b" ".join(source.choice(words) for _ in range(6000))
        elif kind == 1:
            part = b"".join((page * PAGE + 16 * n).to_bytes(4, "little") + bytes(12) for n in range(3000))
        else:
            part = source.randbytes(9000)
        memory[page * PAGE : page * PAGE + len(part[:PAGE])] = part[:PAGE]
    return link(wat('(module (memory 1) (func (export "f")))'), memory, {}, {"canister_query f": "f"})


def test_a_change_recompresses_little_and_gives_the_same_bytes(toolbox_module: bytes, tmp_path: Path) -> None:
    """With a full cache only pieces near a change are made anew; the result is that of an empty cache."""
    first = canister(1)
    warm = Toolbox(toolbox_module, tmp_path / "warm")
    warm.gzip(first)
    entries = {path.name for path in (tmp_path / "warm" / "deflate").iterdir()}
    memory = bytearray(first)
    memory[len(memory) // 2] ^= 0xFF
    changed = bytes(memory)
    again = warm.gzip(changed)
    fresh = {path.name for path in (tmp_path / "warm" / "deflate").iterdir()} - entries
    assert 1 <= len(fresh) <= 2
    assert again == Toolbox(toolbox_module, tmp_path / "cold").gzip(changed)
    assert gzip.decompress(again) == changed


def test_damaged_cache_entries_do_not_reach_the_result(toolbox_module: bytes, tmp_path: Path) -> None:
    """Entries that were changed, cut short or swapped are made anew."""
    data = canister(2)
    good = Toolbox(toolbox_module, tmp_path).gzip(data)
    entries = sorted((tmp_path / "deflate").iterdir())
    contents = [path.read_bytes() for path in entries]
    entries[0].write_bytes(contents[1])
    entries[1].write_bytes(contents[0])
    entries[2].write_bytes(contents[2][:-1])
    entries[3].write_bytes(b"")
    for path, content in zip(entries[4:], contents[4:], strict=True):
        path.write_bytes(content[:-3] + bytes((content[-3] ^ 1,)) + content[-2:])
    assert Toolbox(toolbox_module, tmp_path).gzip(data) == good
    assert [path.read_bytes() for path in entries] == contents


def test_pieces_cost_less_than_a_percent(toolbox: Toolbox) -> None:
    """Compressing in pieces loses less than 1 % against plain gzip of the same level."""
    data = canister(3)
    assert len(toolbox.gzip(data)) < 1.01 * len(gzip.compress(data, 9))


def test_an_unusable_cache_only_costs_time(toolbox_module: bytes, tmp_path: Path) -> None:
    """A cache folder that cannot be made is no error."""
    (tmp_path / "file").write_bytes(b"")
    data = canister(4, 6)
    assert gzip.decompress(Toolbox(toolbox_module, tmp_path / "file").gzip(data)) == data


def test_machine_code_in_the_cache_is_checked(toolbox_module: bytes, tmp_path: Path) -> None:
    """A damaged entry of the compile cache is rebuilt."""
    Machine(toolbox_module, tmp_path)
    (entry,) = tmp_path.iterdir()
    content = entry.read_bytes()
    entry.write_bytes(content[:-100] + bytes(100))
    assert Machine(toolbox_module, tmp_path).start().compress(b"", b"x" * 99, 9)
    (rebuilt,) = tmp_path.iterdir()
    assert len(rebuilt.read_bytes()) == len(content)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (b"\0asm\x01\0\0", "cannot be compiled"),
        (wat('(module (import "a" "b" (func)))'), "it has imports"),
        (wat("(module)"), "it has no function version|its interface is another one"),
        (
            wat(
                '(module (memory (export "memory") 1) (func (export "version") (result i32) (i32.const 99)))'
            ),
            "its interface is another one",
        ),
    ],
)
def test_what_is_no_toolbox_is_refused(module: bytes, words: str, tmp_path: Path) -> None:
    """Another module in the toolbox's place gives a clear error."""
    with pytest.raises(ArtefactError, match=words):
        Machine(module, tmp_path).start()


def test_a_trap_in_the_toolbox_is_a_clear_error(tmp_path: Path) -> None:
    """A defect of the toolbox is reported as such."""
    module = wat(
        f'(module (memory (export "memory") 1) (func (export "version") (result i32) (i32.const {INTERFACE}))'
        ' (func (export "allocate") (param i32) (result i32) unreachable))'
    )
    with pytest.raises(ArtefactError, match="the toolbox failed in allocate"):
        Machine(module, tmp_path).start().compress(b"", b"x", 9)
