"""Detection of the user's toolchain and the commands that enter the root folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpython import rootfolder
from cpython.pins import load_pins
from cpython.rootfolder import RootFolder, release_codename
from cpython.toolchain import identity, sdk_problems


def fake_tool(folder: Path, name: str, script: str = "exit 0") -> None:
    """An executable that does as told."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def complete(tmp_path: Path) -> dict[str, str]:
    """An environment in which everything is there."""
    sdk = tmp_path / "sdk"
    for name in ("clang", "llvm-ar", "llvm-ranlib", "wasm-ld"):
        fake_tool(sdk / "bin", name, f"echo {name} 19")
    (sdk / "share" / "wasi-sysroot").mkdir(parents=True)
    tools = tmp_path / "tools"
    for name in ("cargo", "make", "python3.13", "wasm-opt", "zstd"):
        fake_tool(tools, name, "echo 1")
    libraries = tmp_path / "rustlib"
    libraries.mkdir()
    (libraries / "libstd-0123.rlib").touch()
    fake_tool(tools, "rustc", f'case "$*" in *target-libdir*) echo {libraries};; *) echo rustc 1.85;; esac')
    return {"WASI_SDK_PATH": str(sdk), "PATH": f"{tools}:/bin:/usr/bin"}


def test_without_the_variable_there_is_nothing_to_check() -> None:
    """Then the root folder is the plan, not a fallback."""
    assert sdk_problems({"PATH": "/bin"}) is None


def test_a_complete_toolchain_is_used(complete: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No problem, and a key of its own."""
    monkeypatch.setenv("PATH", complete["PATH"])
    assert sdk_problems(complete) == []
    assert identity(load_pins(), complete) != identity(load_pins(), {})


def test_a_rust_without_the_target_is_detected(complete: dict[str, str], tmp_path: Path) -> None:
    """rustup's folder for the target exists in name only: look for the library itself."""
    (tmp_path / "rustlib" / "libstd-0123.rlib").unlink()
    assert sdk_problems(complete) == [
        "rustc has no standard library for wasm32-wasip1 (rustup target add wasm32-wasip1)"
    ]


def test_everything_that_is_missing_is_named(tmp_path: Path) -> None:
    """One look says all that has to be done."""
    problems = sdk_problems({"WASI_SDK_PATH": str(tmp_path / "none"), "PATH": str(tmp_path)})
    assert problems is not None
    text = "\n".join(problems)
    for part in ("bin/clang", "wasi-sysroot", "cargo", "rustc", "python3.13", "wasm-opt", "zstd"):
        assert part in text


def test_root_enters_with_chroot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is exactly the given one; /proc lives in a private namespace when there can be one."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(rootfolder, "_NAMESPACES", [True])
    command = RootFolder(Path("/cache/root")).command(["true"], {"A": "1"})
    assert command[0] == "unshare"
    assert "--mount-proc=/cache/root/proc" in command
    assert command[-5:] == ["/cache/root", "/usr/bin/env", "-i", "A=1", "true"]
    monkeypatch.setattr(rootfolder, "_NAMESPACES", [False])
    assert RootFolder(Path("/cache/root")).command(["true"], {})[:2] == ["chroot", "/cache/root"]


def test_a_user_enters_through_a_user_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The devices are bound from the host inside the namespace; odd characters in the path are quoted."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command = RootFolder(Path("/home/a b/root")).command(["true"], {})
    assert command[:3] == ["unshare", "--user", "--map-root-user"]
    script = command[command.index("-c") + 1]
    assert "mount --bind /dev/null '/home/a b/root'/dev/null" in script
    assert script.endswith("exec chroot '/home/a b/root' \"$@\"")


def test_only_network_settings_of_the_host_get_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy and cargo's sources are passed on, the rest of the host's environment is not."""
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    monkeypatch.setenv("CARGO_TARGET_DIR", "/somewhere")
    monkeypatch.setenv("SECRET", "x")
    env = RootFolder(Path("/r")).base_environment()
    assert env["https_proxy"] == "http://proxy.example:3128"
    assert env["CARGO_NET_OFFLINE"] == "true"
    assert not {"SECRET", "CARGO_TARGET_DIR"} & set(env)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=debian\nVERSION_CODENAME=bookworm\nNAME="Debian GNU/Linux"\n', "bookworm"),
        ("ID=ubuntu\nVERSION_CODENAME=noble\n", None),
        ("", None),
    ],
)
def test_the_release_is_read_from_os_release(tmp_path: Path, text: str, expected: str | None) -> None:
    """Only a Debian's code name says which of its suites is its own."""
    path = tmp_path / "os-release"
    path.write_text(text)
    assert release_codename(path) == expected
    assert release_codename(tmp_path / "none") is None
