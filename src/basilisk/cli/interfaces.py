"""The interface of what a command's argument names: a program, a wasm file or a ``.did`` file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from basilisk.candid.types import Interface

__all__ = ["interface", "interface_text", "load_did"]


def interface(target: str | None) -> Interface:
    """The interface itself; a ``.did`` file may import others beside it.

    Raises :class:`basilisk.errors.BasiliskError` as :func:`interface_text` does, and when it is not Candid.
    """
    from basilisk.candid import parse_did

    loader = load_did if target is not None and target.endswith(".did") else None
    return parse_did(interface_text(target), source=target or "this project", loader=loader)


def interface_text(target: str | None) -> str:
    """Candid text of the interface; a program is built first.

    Raises :class:`basilisk.errors.BasiliskError` when there is no such thing or it does not build.
    """
    if target is not None and target.endswith((".wasm", ".wasm.gz")):
        return _of_wasm(Path(target))
    if target is not None and target.endswith(".did"):
        return _of_did(Path(target))
    from basilisk.build.project import check_backend, resolve
    from basilisk.cli.building import build_quietly

    check_backend()
    return build_quietly(resolve(target)).did.read_text("utf-8")


def load_did(path: str) -> str:
    """The text of a ``.did`` file that another imports."""
    return _of_did(Path(path))


def _of_did(path: Path) -> str:
    from basilisk.errors import UsageError

    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the interface {path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
            remedy="name a .did file, such as the one beside the last deployed version",
        ) from error


def _of_wasm(path: Path) -> str:
    from basilisk.cli.wasmfile import read_wasm
    from basilisk.errors import UsageError
    from basilisk.runtime.sections import custom_sections

    found = custom_sections(read_wasm(path).module).get("icp:public candid:service")
    if found is None:
        raise UsageError(
            f"{path} carries no interface",
            cause="it has no custom section icp:public candid:service",
            remedy="name a canister that was built with its interface, or its program",
        )
    return found.decode("utf-8", "replace")
