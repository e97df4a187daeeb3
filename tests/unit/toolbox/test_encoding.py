"""The forms in which a module may be uploaded."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from basilisk.toolbox.encoding import decode
from basilisk.toolbox.limits import MAINNET

MODULE = b"\0asm\x01\0\0\0" + b"\0\x03\x02ab" * 20
PACKED = gzip.compress(MODULE, mtime=0)

SMALL = replace(MAINNET, module_size=50)

CASES = [
    ("encoding.format", b"", MAINNET),
    ("encoding.format", b"PK\x03\x04", MAINNET),
    ("encoding.format", b"\x1f\x8b\x07" + PACKED[3:], MAINNET),
    ("encoding.format", gzip.compress(b"not a module, but long enough to be looked at"), MAINNET),
    ("encoding.short", PACKED[:15], MAINNET),
    ("encoding.stream", PACKED[:20] + b"\xff\xff\xff" + PACKED[23:], MAINNET),
    ("encoding.stream", PACKED[:-4] + b"\0" * 4, MAINNET),
    ("encoding.stream", PACKED[:-9] + PACKED[-4:], MAINNET),
    ("encoding.size", PACKED, SMALL),
    ("encoding.size", PACKED[:-4] + (30).to_bytes(4, "little"), SMALL),
    ("encoding.single", PACKED + PACKED, MAINNET),
    ("encoding.isize", PACKED + (7).to_bytes(4, "little"), MAINNET),
]


@pytest.mark.parametrize(("rule", "data", "limits"), CASES)
def test_refused(rule: str, data: bytes, limits: object) -> None:
    """Each way an upload can fail to be a module has its rule."""
    found = decode(data, limits)  # type: ignore[arg-type]
    assert rule in [finding.rule for finding in found.violations]


def test_accepted() -> None:
    """A module as it is, and a gzip stream of it."""
    plain = decode(MODULE)
    assert (plain.module, plain.gzipped, plain.violations) == (MODULE, False, [])
    packed = decode(PACKED)
    assert (packed.module, packed.gzipped, packed.violations) == (MODULE, True, [])
