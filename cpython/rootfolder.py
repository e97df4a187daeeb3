"""A Debian root folder of our own: made with mmdebstrap, entered with chroot, never touching the host.

As root it is entered with ``chroot`` inside a private mount namespace, where one can be had, so that /proc
vanishes with the process.  As an ordinary user it is entered through a user namespace; its files then belong
to the user, and the few devices a build needs are bound from the host inside that namespace.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cpython.cache import staged
from cpython.faults import EnvironmentFault
from cpython.mirror import debian_mirror, system_entries
from cpython.pins import Pins
from cpython.progress import Progress

__all__ = ["RootFolder", "make_root", "release_codename"]

_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PASSED_PREFIXES = ("CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_SOURCE_")
_CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_DEVICES = ("null", "zero", "full", "random", "urandom")
_USER_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True)
class RootFolder:
    """A finished root folder; ``path`` is where it lies on the host."""

    path: Path

    def command(self, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The host command that runs ``argv`` inside, with exactly the environment ``env``."""
        inside = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in sorted(env.items())), *argv]
        root = str(self.path)
        if os.geteuid() == 0:
            if _namespaces_work():
                proc = f"--mount-proc={root}/proc"
                return [
                    "unshare",
                    "--mount",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    proc,
                    "chroot",
                    root,
                    *inside,
                ]
            return ["chroot", root, *inside]
        binds = "".join(f"mount --bind /dev/{name} {shlex.quote(root)}/dev/{name}; " for name in _DEVICES)
        quoted = shlex.quote(root)
        script = f'set -e; {binds}mount -t proc proc {quoted}/proc; exec chroot {quoted} "$@"'
        return [*_USER_NAMESPACE, "sh", "-c", script, "sh", *inside]

    def base_environment(self) -> dict[str, str]:
        """What every command inside gets: paths, locale, and the host's proxy and cargo source settings."""
        env = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        for name, value in os.environ.items():
            if name in _PASSED_ON or name.startswith(_PASSED_PREFIXES):
                env[name] = value
        return env

    def refresh_network(self) -> None:
        """Copy the host's name resolution and CA bundle in; both may have changed since the last time."""
        for source, target in (
            (Path("/etc/resolv.conf"), "etc/resolv.conf"),
            (_ca_bundle(), _CA_BUNDLES[0][1:]),
        ):
            if source is not None and source.exists():
                place = self.path / target
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                shutil.copyfile(source, place)


def make_root(pins: Pins, final: Path, progress: Progress) -> RootFolder:
    """Make the root folder with all pinned packages at ``final`` (the caller holds the lock)."""
    _require_mmdebstrap(progress)
    sources = _sources_list(pins)
    with staged(final) as folder:
        root = folder / "root"
        common = [
            "mmdebstrap",
            "--variant=apt",
            f"--include={','.join(pins.packages)}",
            "--aptopt=APT::Install-Recommends false",
            "--aptopt=Acquire::Retries 3",
            *_proxy_option(),
        ]
        remedy = (
            "check the network and the mirror in /etc/apt; `mmdebstrap --version` and free disk space (3 GB) "
            "are the next suspects. Run the command again: nothing half-finished is kept"
        )
        title = f"making a Debian {pins.suite} folder with the toolchain (800 MB to fetch, 2 GB on disk)"
        if os.geteuid() == 0:
            progress.run(
                title, [*common, "--mode=root", pins.suite, str(root), *sources], log="root", remedy=remedy
            )
        else:
            archive = folder / "root.tar"
            progress.run(
                title,
                [*common, "--mode=unshare", pins.suite, str(archive), *sources],
                log="root",
                remedy=remedy,
            )
            root.mkdir()
            progress.run(
                "unpacking it",
                ["tar", "-C", str(root), "--exclude=./dev/*", "-xf", str(archive)],
                log="root-unpack",
                remedy=remedy,
            )
            archive.unlink()
            for name in _DEVICES:
                (root / "dev" / name).touch()
        _finish(root)
    return RootFolder(final / "root")


def release_codename(path: Path = Path("/etc/os-release")) -> str | None:
    """The Debian release of this machine, or None when it is none."""
    fields: dict[str, str] = {}
    try:
        for line in path.read_text("utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals:
                fields[name.strip()] = value.strip().strip('"')
    except OSError:
        return None
    return fields.get("VERSION_CODENAME") if fields.get("ID") == "debian" else None


def _finish(root: Path) -> None:
    """Mend what the packages leave: the place where clang looks for the wasm builtins, our work folder."""
    clang = root / "usr/lib/llvm-19/lib/clang/19/lib"
    builtins = clang / "wasi" / "libclang_rt.builtins-wasm32.a"
    if not builtins.is_file():
        raise EnvironmentFault(
            f"{builtins} is not there",
            cause="the package libclang-rt-19-dev-wasm32 changed its layout",
            remedy="report it; a toolchain named by WASI_SDK_PATH is another way",
        )
    target = clang / "wasm32-unknown-wasip1"
    target.mkdir(exist_ok=True)
    link = target / "libclang_rt.builtins.a"
    if not link.exists():
        link.symlink_to("../wasi/libclang_rt.builtins-wasm32.a")
    (root / "work").mkdir(exist_ok=True)


def _sources_list(pins: Pins) -> list[str]:
    """Arguments for mmdebstrap that name the mirrors of this machine; none lets it use its own default."""
    mirrors = debian_mirror(system_entries(), release_codename())
    if mirrors is None:
        return []
    main, security = mirrors
    lines = [f"deb {main} {pins.suite} main", f"deb {main} {pins.suite}-updates main"]
    if security is not None:
        lines.append(f"deb {security} {pins.suite}-security main")
    # Sources from the main suite alone: its pool is on every mirror, the security pool's sources are not.
    return [*lines, f"deb-src {main} {pins.suite} main"]


def _proxy_option() -> list[str]:
    """The proxy that apt uses on this machine, if one is configured."""
    try:
        answer = subprocess.run(
            ["apt-config", "shell", "P", "Acquire::http::Proxy"], capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    value = answer.stdout.strip().removeprefix("P=").strip("'")
    return [f'--aptopt=Acquire::http::Proxy "{value}"'] if value else []


def _require_mmdebstrap(progress: Progress) -> None:
    missing = [
        tool
        for tool in ("mmdebstrap", *(() if os.geteuid() == 0 else ("newuidmap",)))
        if not shutil.which(tool)
    ]
    if not missing:
        return
    packages = ["mmdebstrap", *(["uidmap"] if "newuidmap" in missing else [])]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        remedy = f"install {' '.join(packages)} by hand and run this again"
        progress.run("apt-get update", ["apt-get", "update"], log="apt-update", remedy=remedy, env=env)
        install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
        progress.run(f"installing {' '.join(packages)}", install, log="apt-install", remedy=remedy, env=env)
        return
    raise EnvironmentFault(
        f"{' and '.join(missing)}: not on this machine",
        cause="the runtime is built in a Debian folder of its own, which needs mmdebstrap"
        + (" and, for an ordinary user, uidmap" if "newuidmap" in missing else ""),
        remedy=f"`sudo apt-get install {' '.join(packages)}`, or point WASI_SDK_PATH at a wasi-sdk and have "
        "rustc with the target wasm32-wasip1, or use the Containerfile",
    )


def _ca_bundle() -> Path | None:
    named = os.environ.get("SSL_CERT_FILE")
    return next((Path(path) for path in (named, *_CA_BUNDLES) if path and os.path.exists(path)), None)


_NAMESPACES: list[bool] = []


def _namespaces_work() -> bool:
    """Whether root may make mount namespaces here (not so in most containers)."""
    if not _NAMESPACES:
        try:
            argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "true"]
            answer = subprocess.run(argv, capture_output=True, check=False)
            _NAMESPACES.append(answer.returncode == 0)
        except OSError:
            _NAMESPACES.append(False)
    return _NAMESPACES[0]
