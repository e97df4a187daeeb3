"""What ``importlib.metadata`` knows in a canister: the distributions whose metadata is packed."""

from __future__ import annotations

from importlib.metadata import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["PackedDistribution", "distributions"]


def _normalised(name: str) -> str:
    """A project's name in the form that all its spellings share (PEP 503, with underscores)."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


_SUFFIXES = (".dist-info", ".egg-info")


class PackedDistribution(Distribution):
    """A distribution by the name of the folder its metadata had, such as ``six-1.17.0.dist-info``."""

    def __init__(self, finder: Any, folder: str) -> None:
        self._finder = finder
        self._folder = folder

    def read_text(self, filename: Any) -> str | None:
        """A file of the metadata; None when it is not packed."""
        data: bytes | None = self._finder.data.get(f"{self._folder}/{filename}")
        return None if data is None else data.decode("utf-8", "replace")

    def locate_file(self, path: Any) -> Any:
        """A file of the distribution, to be read like a resource."""
        from basilisk._guest.traversable import Packed

        return Packed(self._finder, str(path))


def distributions(finder: Any, context: Any = None) -> Iterator[Distribution]:
    """The packed distributions, sorted; only that of ``context.name`` when it is given."""
    wanted = None if context is None or context.name is None else _normalised(context.name)
    for folder in sorted({path.partition("/")[0] for path in finder.data}):
        name = next((folder[: -len(end)] for end in _SUFFIXES if folder.endswith(end)), None)
        if name is not None and wanted in (None, _normalised(name.partition("-")[0])):
            yield PackedDistribution(finder, folder)
