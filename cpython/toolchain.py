"""The toolchain: the user's own when it is complete, else a Debian root folder in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cpython.cache import cache_root, digest, locked
from cpython.faults import EnvironmentFault
from cpython.pins import Pins
from cpython.progress import Progress
from cpython.rootfolder import RootFolder, make_root

__all__ = ["Toolchain", "identity", "provide_toolchain", "sdk_problems"]

ROOT_RECIPE = "1"
"""Part of the root folder's key: raise it when ``rootfolder.make_root`` makes a different folder."""

TARGET = "wasm32-wasip1"


@dataclass(frozen=True)
class Toolchain:
    """How to run the build's commands.

    ``variables`` name the tools for the shell recipes (CC, AR, CARGO, …).  ``work`` is a scratch folder on
    the host; ``inside(path)`` says how a command sees a path below it.
    """

    name: str
    variables: Mapping[str, str]
    work: Path
    root: RootFolder | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def inside(self, path: Path) -> str:
        """``path`` as the commands see it."""
        return str(path) if self.root is None else "/" + path.relative_to(self.root.path).as_posix()

    def argv(self, script: Path, env: Mapping[str, str]) -> tuple[list[str], dict[str, str] | None]:
        """Command and environment that run a shell recipe lying below ``work``."""
        if self.root is not None:
            self.root.refresh_network()
            full = {**self.root.base_environment(), **self.variables, **self.environment, **env}
            return self.root.command(["/bin/sh", "-eu", self.inside(script)], full), None
        return ["/bin/sh", "-eu", str(script)], {**os.environ, **self.variables, **self.environment, **env}

    def run(
        self, progress: Progress, title: str, script: str, *, log: str, env: Mapping[str, str], remedy: str
    ) -> None:
        """Run a shell recipe (its text) with the toolchain's variables."""
        self.work.mkdir(parents=True, exist_ok=True)
        path = self.work / f"{log}.sh"
        path.write_text(script, "utf-8")
        argv, full = self.argv(path, env)
        progress.run(title, argv, log=log, remedy=remedy, env=full)

    def output(self, argv: Sequence[str]) -> str:
        """Standard output of a short command, empty when it fails (used for version texts)."""
        command = list(argv)
        env: dict[str, str] | None = {**os.environ, **self.environment}
        if self.root is not None:
            command, env = self.root.command(command, self.root.base_environment()), None
        try:
            return subprocess.run(
                command, capture_output=True, text=True, check=False, env=env
            ).stdout.strip()
        except OSError:
            return ""


def sdk_problems(env: Mapping[str, str]) -> list[str] | None:
    """What keeps the user's own toolchain from being used; None when WASI_SDK_PATH is not set."""
    named = env.get("WASI_SDK_PATH")
    if not named:
        return None
    sdk = Path(named)
    problems = [
        f"{sdk / part} is missing"
        for part in ("bin/clang", "bin/llvm-ar", "bin/llvm-ranlib", "bin/wasm-ld", "share/wasi-sysroot")
        if not (sdk / part).exists()
    ]
    for tool in ("cargo", "rustc", "make", "python3.13", "wasm-opt", "tclsh", "zstd"):
        if shutil.which(tool, path=env.get("PATH")) is None:
            problems.append(f"{tool} is not on the PATH")
    if shutil.which("rustc", path=env.get("PATH")) is not None and not _rust_target_present(env):
        problems.append(f"rustc has no standard library for {TARGET} (rustup target add {TARGET})")
    return problems


def identity(pins: Pins, env: Mapping[str, str] | None = None) -> str:
    """Hash that names the toolchain which would be used: part of the key of everything it builds."""
    env = os.environ if env is None else env
    if sdk_problems(env) == []:
        sdk = env["WASI_SDK_PATH"]
        versions = [_version([f"{sdk}/bin/clang", "--version"]), _version(["rustc", "-vV"])]
        return digest("sdk", *versions, _version(["wasm-opt", "--version"]), _version(["python3.13", "-VV"]))
    return digest("root", ROOT_RECIPE, pins.suite, *pins.packages)


def provide_toolchain(pins: Pins, progress: Progress) -> Toolchain:
    """Find the user's toolchain or make the root folder; says which, and why not the other."""
    problems = sdk_problems(os.environ)
    if problems == []:
        progress.say(f"toolchain: {os.environ['WASI_SDK_PATH']} (WASI_SDK_PATH) and the installed Rust")
        return _sdk_toolchain(Path(os.environ["WASI_SDK_PATH"]), identity(pins))
    if problems:
        progress.say(f"WASI_SDK_PATH is set but cannot be used: {'; '.join(problems)}")
    if os.uname().sysname != "Linux":
        raise EnvironmentFault(
            "no toolchain: a Debian folder can be made on Linux only",
            remedy="set WASI_SDK_PATH to a wasi-sdk and install rustc with the target wasm32-wasip1, "
            "or use the Containerfile, or install a released wheel, which needs no toolchain",
        )
    return _root_toolchain(pins, progress)


def _root_toolchain(pins: Pins, progress: Progress) -> Toolchain:
    key = digest(identity(pins, {}), os.uname().machine, str(os.geteuid() == 0))
    final = cache_root() / "toolchain" / key
    with locked(f"toolchain-{key}", progress.say):
        if final.is_dir():
            progress.say(f"toolchain: Debian {pins.suite} folder {final}")
        else:
            make_root(pins, final, progress)
    root = RootFolder(final / "root")
    variables = {
        "CC": f"clang-19 --target={TARGET}",
        "AR": "llvm-ar-19",
        "RANLIB": "llvm-ranlib-19",
        "WASM_LD": "wasm-ld-19",
        "LLVM_NM": "llvm-nm-19",
        "WASM_OPT": "wasm-opt",
        "BUILD_PYTHON": "/usr/bin/python3.13",
        "CARGO": "cargo",
        "CARGO_HOME": "/work/cargo-home",
        "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS": "fallback",
        "CARGO_TARGET_WASM32_WASIP1_LINKER": "wasm-ld-19",
    }
    return Toolchain("debian", variables, root.path / "work", root)


def _sdk_toolchain(sdk: Path, key: str) -> Toolchain:
    variables = {
        "CC": f"{sdk}/bin/clang --target={TARGET} --sysroot={sdk}/share/wasi-sysroot",
        "AR": f"{sdk}/bin/llvm-ar",
        "RANLIB": f"{sdk}/bin/llvm-ranlib",
        "WASM_LD": f"{sdk}/bin/wasm-ld",
        "LLVM_NM": f"{sdk}/bin/llvm-nm",
        "WASM_OPT": "wasm-opt",
        "BUILD_PYTHON": shutil.which("python3.13") or "python3.13",
        "CARGO": "cargo",
        "CARGO_TARGET_WASM32_WASIP1_LINKER": f"{sdk}/bin/wasm-ld",
    }
    return Toolchain("wasi-sdk", variables, cache_root() / "work" / key)


def _rust_target_present(env: Mapping[str, str]) -> bool:
    """Ask rustc where the target's libraries lie and look: a rustup toolchain often lacks the target."""
    try:
        answer = subprocess.run(
            ["rustc", "--print", "target-libdir", "--target", TARGET],
            capture_output=True,
            text=True,
            check=False,
            env=dict(env),
        )
    except OSError:
        return False
    folder = Path(answer.stdout.strip())
    return answer.returncode == 0 and any(folder.glob("libstd-*.rlib"))


def _version(argv: Sequence[str]) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
