"""The module ``kybra`` in a canister: the names of the Kybra documents are those of Basilisk."""

from __future__ import annotations

import sys

import basilisk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["install"]


def install() -> None:
    """Makes ``import kybra`` work in programs that were written for it."""
    module: Any = type(sys)("kybra", "The names of Kybra, provided by Basilisk.")
    public: Any = basilisk
    for name, value in public.__dict__.items():
        if name == "ic" or not (name.startswith("_") or isinstance(value, type(sys))):
            setattr(module, name, value)
    module.__all__ = public.__all__
    module.__getattr__ = public.__getattr__
    module.__path__ = []  # a package without content: a missing submodule is named in full
    sys.modules["kybra"] = module
