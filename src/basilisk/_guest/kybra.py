"""The module ``kybra`` in a canister: the names of the Kybra documents are those of Basilisk."""

from __future__ import annotations

import sys

import basilisk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["install"]

#: Modules of Kybra that have a counterpart here; each is imported when a program asks for it.
_MODULES = {
    "kybra.canisters": "basilisk.canisters",
    "kybra.canisters.management": "basilisk.canisters.kybra_management",
}


class _Finder:
    """Finds these modules, for ``sys.meta_path``."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> Any:
        if name not in _MODULES:
            return None
        spec_type: Any = type(sys.__spec__)
        return spec_type(name, _Finder, is_package=name == "kybra.canisters")

    @staticmethod
    def create_module(spec: object) -> None:
        """Any module will do."""

    @staticmethod
    def exec_module(module: Any) -> None:
        """Gives the module the names of its counterpart."""
        name = _MODULES[module.__name__]
        __import__(name)
        names = sys.modules[name].__dict__
        module.__dict__.update({key: value for key, value in names.items() if not key.startswith("__")})
        module.__all__ = names.get("__all__", ())


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
    if _Finder not in sys.meta_path:
        sys.meta_path.append(_Finder)
