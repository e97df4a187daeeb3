"""Packed files as ``importlib.resources`` shows them."""

from __future__ import annotations

import importlib
from io import BytesIO, TextIOWrapper

from basilisk._guest.resources import paths, plain, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["PackageResources", "Packed"]

_abc: Any = importlib.import_module("importlib.resources.abc")  # Python 3.10, which checks this, lacks it


class Packed(_abc.Traversable):  # type: ignore[misc]
    """A packed file or folder, or a path where nothing is."""

    def __init__(self, finder: Any, path: str) -> None:
        self._finder = finder
        self._path = plain(path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._path.rpartition("/")[2]

    def iterdir(self) -> Iterator[Packed]:
        """What lies directly inside a folder, sorted by name."""
        if not self.is_dir():
            raise NotADirectoryError(20, "Not a directory", self._path)
        start = f"{self._path}/" if self._path else ""
        names = {
            path[len(start) :].partition("/")[0] for path in paths(self._finder) if path.startswith(start)
        }
        return iter([Packed(self._finder, start + name) for name in sorted(names)])

    def is_dir(self) -> bool:
        """Whether packed files lie below the path."""
        start = f"{self._path}/" if self._path else ""
        return any(path.startswith(start) for path in paths(self._finder))

    def is_file(self) -> bool:
        """Whether the path is that of a packed file."""
        return any(path == self._path for path in paths(self._finder))

    def joinpath(self, *descendants: Any) -> Packed:
        """The path below this one."""
        return Packed(self._finder, "/".join([self._path, *map(str, descendants)]))

    def __truediv__(self, child: Any) -> Packed:
        return self.joinpath(child)

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """The file for reading, as text (``r``) or bytes (``rb``)."""
        if mode not in ("r", "rb", "rt"):
            raise ValueError(f"mode {mode!r}: the files of packages are read-only")
        stream = BytesIO(read(self._finder, self._path))
        return stream if mode == "rb" else TextIOWrapper(stream, *args, **kwargs)

    def __str__(self) -> str:
        return self._path

    def __repr__(self) -> str:
        return f"Packed({self._path!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and other._path == self._path

    def __hash__(self) -> int:
        return hash(self._path)


class PackageResources(_abc.TraversableResources):  # type: ignore[misc]
    """The resources of the package in a folder."""

    def __init__(self, finder: Any, folder: str) -> None:
        self._root = Packed(finder, folder)

    def files(self) -> Packed:
        """The package's folder."""
        return self._root
