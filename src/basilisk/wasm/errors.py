"""What the passes refuse."""

from __future__ import annotations

from basilisk.errors import ModuleRefused

__all__ = ["MalformedModule", "UnsafeModule"]


class MalformedModule(ModuleRefused):
    """The bytes are not a WebAssembly module that this code can read."""

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(
            what,
            cause="the file is damaged, truncated or uses a feature the Internet Computer does not accept",
            remedy=remedy,
        )


class UnsafeModule(ModuleRefused):
    """The module does something that a snapshot of memory and globals would not capture.

    ``rule`` is a stable short name of the refusal, such as ``imported-memory``.
    """

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(
            what,
            cause=f"a snapshot holds one memory and the mutable globals, nothing else (rule {rule})",
            remedy="build the module without this feature",
        )
        self.rule = rule
