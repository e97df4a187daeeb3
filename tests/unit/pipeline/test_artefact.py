"""The runtime artefact: found in the right order, refused when it is not whole."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from basilisk.errors import ArtefactError, UsageError
from basilisk.runtime import find, load, lookup, open_artefact
from basilisk.runtime.sections import SectionError, custom_sections
from basilisk.runtime.stdlib import BUILTIN_MODULES, StdlibIndex
from stdlib_bundler import format as blob_format
from stdlib_bundler import policy

MAGIC = b"\0asm\x01\0\0\0"


def leb128(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def section(name: str, content: bytes) -> bytes:
    payload = leb128(len(name.encode())) + name.encode() + content
    return b"\0" + leb128(len(payload)) + payload


def blob() -> bytes:
    modules = (
        blob_format.Module("json", b"code", package=True),
        blob_format.Module("json.decoder", b"other"),
    )
    return blob_format.write(
        blob_format.Blob((blob_format.RawBlock(modules),), {"socket": "module 'socket' cannot work: because"})
    )


def module(**changes: bytes | None) -> bytes:
    parts: dict[str, bytes | None] = {
        "stdlib": blob(),
        "toolbox": b"box",
        "manifest": b'{"format": 1}',
        **changes,
    }
    return MAGIC + b"".join(
        section(f"basilisk:{key}", part) for key, part in parts.items() if part is not None
    )


def packed(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    path = tmp_path / "runtime.wasm.zst"
    path.write_bytes(packed(module()))
    return path


def test_a_whole_artefact_opens(artefact: Path) -> None:
    """Its parts, its digest and the index of its library are there."""
    runtime = open_artefact(artefact, "environment")
    assert runtime.toolbox == b"box"
    assert runtime.digest == hashlib.sha256(artefact.read_bytes()).hexdigest()
    assert runtime.stdlib.modules == {"json": True, "json.decoder": False}
    assert runtime.stdlib.refusal("socket.anything") == "module 'socket' cannot work: because"
    assert runtime.stdlib.has("json")
    assert not runtime.stdlib.has("socket")
    assert runtime.python_version == "3.13"


def test_a_module_unpacked_by_hand_opens(artefact: Path) -> None:
    """The same file without the compression is as good."""
    artefact.write_bytes(module())
    assert open_artefact(artefact, "environment").toolbox == b"box"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "it is empty"),
        (b"hello", "neither zstd data nor"),
        (packed(module())[:-9], ""),
        (packed(module())[:40] + b"\xff" + packed(module())[41:], ""),
        (packed(b"no module"), "not a WebAssembly module"),
        (packed(module()[:-3]), "in the middle of a section"),
        (packed(module(stdlib=None)), "no section basilisk:stdlib"),
        (packed(module(toolbox=None)), "no section basilisk:toolbox"),
        (packed(module(manifest=b"{")), "manifest cannot be read"),
        (packed(module(manifest=b"[]")), "manifest cannot be read"),
    ],
)
@pytest.mark.parametrize("origin", ["environment", "wheel", "cache"])
def test_damage_is_told_with_a_remedy(artefact: Path, content: bytes, part: str, origin: str) -> None:
    """Whatever is wrong with the file, the message names it and says how to get a whole one."""
    artefact.write_bytes(content)
    with pytest.raises(ArtefactError) as caught:
        open_artefact(artefact, origin)
    error = caught.value
    assert str(artefact) in error.what
    assert "damaged" in error.what
    assert part in error.what
    remedies = {"environment": "BASILISK_RUNTIME", "wheel": "reinstall", "cache": "delete"}
    assert remedies[origin] in str(error.remedy)


def test_another_format_is_refused(artefact: Path) -> None:
    """An artefact of another release is told apart from a damaged one."""
    artefact.write_bytes(packed(module(manifest=json.dumps({"format": 99}).encode())))
    with pytest.raises(ArtefactError, match="format 99; this release reads format 1"):
        open_artefact(artefact, "environment")


def test_a_digest_beside_the_file_counts(artefact: Path) -> None:
    """``runtime.wasm.zst.sha256`` is checked when it is there."""
    beside = artefact.with_name(artefact.name + ".sha256")
    beside.write_text(f"{hashlib.sha256(artefact.read_bytes()).hexdigest()}  runtime.wasm.zst\n")
    open_artefact(artefact, "cache")
    beside.write_text("0" * 64)
    with pytest.raises(ArtefactError, match="expected 0000"):
        open_artefact(artefact, "cache")


def test_order_of_places(artefact: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Environment before wheel before cache."""
    monkeypatch.setattr(lookup, "_PACKAGE", tmp_path / "package")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "package" / "runtime" / "artefact"
    folder.mkdir(parents=True)
    monkeypatch.delenv("BASILISK_RUNTIME", raising=False)
    assert find() is None
    (folder / "pin.json").write_text('{"key": "abc"}')
    cached = tmp_path / "cache" / "basilisk" / "runtime" / "abc" / "runtime.wasm.zst"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(artefact.read_bytes())
    assert find() == lookup.Found(cached, "cache")
    (folder / "runtime.wasm.zst").write_bytes(artefact.read_bytes())
    assert find() == lookup.Found(folder / "runtime.wasm.zst", "wheel")
    monkeypatch.setenv("BASILISK_RUNTIME", str(artefact))
    assert find() == lookup.Found(artefact, "environment")
    assert load() is load(), "opened once"
    monkeypatch.setenv("BASILISK_RUNTIME", str(tmp_path / "missing"))
    with pytest.raises(UsageError, match="BASILISK_RUNTIME names"):
        find()


def test_no_artefact_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installed package without an artefact says where to get one."""
    monkeypatch.setattr(lookup, "_PACKAGE", tmp_path / "a" / "package")
    monkeypatch.delenv("BASILISK_RUNTIME", raising=False)
    monkeypatch.delenv("BASILISK_RUNTIME_URL", raising=False)
    with pytest.raises(ArtefactError, match="no runtime artefact") as caught:
        load()
    assert "basilisk doctor" in str(caught.value.remedy)


def test_downloads_are_checked(artefact: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A download needs a SHA-256, and must have it."""
    monkeypatch.setattr(lookup, "_PACKAGE", tmp_path / "a" / "package")
    monkeypatch.delenv("BASILISK_RUNTIME", raising=False)
    monkeypatch.setenv("BASILISK_RUNTIME_URL", artefact.as_uri())
    monkeypatch.delenv("BASILISK_RUNTIME_SHA256", raising=False)
    with pytest.raises(ArtefactError, match="no SHA-256"):
        load()
    monkeypatch.setenv("BASILISK_RUNTIME_SHA256", "0" * 64)
    with pytest.raises(ArtefactError, match="expected 0000"):
        load()
    digest = hashlib.sha256(artefact.read_bytes()).hexdigest()
    monkeypatch.setenv("BASILISK_RUNTIME_SHA256", digest)
    runtime = load()
    assert (runtime.origin, runtime.digest) == ("download", digest)


def test_built_in_modules_are_those_of_the_bundler() -> None:
    """The list here and the bundler's policy say the same."""
    assert BUILTIN_MODULES == policy.BUILT_IN | policy.FROZEN | set(policy.OPTIONAL_BUILT_IN)


names = st.text(min_size=1, max_size=12)


@given(st.dictionaries(names, st.binary(max_size=300), max_size=4))
def test_sections_are_found(parts: dict[str, bytes]) -> None:
    """Every custom section that is written is read back."""
    assert custom_sections(MAGIC + b"".join(section(name, data) for name, data in parts.items())) == parts


@given(st.binary(max_size=60))
def test_no_bytes_break_the_section_reader(data: bytes) -> None:
    """Anything is either read or refused with :class:`SectionError`."""
    for content in (data, MAGIC + data):
        try:
            custom_sections(content)
        except SectionError:
            pass


@given(
    st.dictionaries(names, st.booleans(), max_size=5),
    st.dictionaries(names, st.text(max_size=20), max_size=3),
)
def test_index_reads_what_the_bundler_writes(modules: dict[str, bool], refused: dict[str, str]) -> None:
    """The index holds the names and texts of the blob, whatever they are."""
    refused = {name: text for name, text in refused.items() if name not in modules}
    rows = tuple(blob_format.Module(name, b"x", package) for name, package in modules.items())
    data = blob_format.write(blob_format.Blob((blob_format.RawBlock(rows),), refused))
    assert StdlibIndex.parse(data) == StdlibIndex(modules, refused)


@given(st.binary(max_size=80), st.integers(0, 200))
def test_no_bytes_break_the_index(noise: bytes, keep: int) -> None:
    """A damaged blob is an :class:`ArtefactError`, never anything else."""
    for data in (noise, blob()[:keep] + noise, b"BSKSTD01" + noise):
        try:
            StdlibIndex.parse(data)
        except ArtefactError:
            pass
