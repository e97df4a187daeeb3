"""Files and modules of packages as importlib.resources and pkgutil ask for them.

``finder`` is the finder of the packed modules: its ``data`` maps relative paths to contents, its ``modules``
names to entries with a ``file`` and perhaps a ``source``, or to the text of a refusal.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["PackageFolder", "paths", "plain", "read", "reader", "submodules"]

_ENOENT = 2
_EISDIR = 21


def plain(path: str) -> str:
    """A path as the tables have it: relative, without ``.`` and ``..``."""
    from posixpath import normpath

    return normpath("/" + path).lstrip("/")


def paths(finder: Any) -> Iterator[str]:
    """The paths of all packed files, sources included."""
    yield from finder.data
    for entry in finder.modules.values():
        if not isinstance(entry, str) and entry.file is not None and entry.source is not None:
            yield entry.file


def read(finder: Any, path: str) -> bytes:
    """The content of a packed file.  Raises FileNotFoundError and IsADirectoryError as ``open`` does."""
    wanted = plain(path)
    data: bytes | None = finder.data.get(wanted)
    if data is not None:
        return data
    for entry in finder.modules.values():
        if not isinstance(entry, str) and entry.file == wanted and entry.source is not None:
            source: bytes = entry.source
            return source
    if any(other.startswith(wanted + "/") for other in paths(finder)):
        raise IsADirectoryError(_EISDIR, "Is a directory", path)
    raise FileNotFoundError(_ENOENT, "No such file among those packed with the program", path)


def reader(finder: Any, name: str) -> Any:
    """The resource reader of a package; None for a module."""
    entry = finder.modules.get(name)
    if entry is None or isinstance(entry, str) or not entry.package:
        return None
    from basilisk._guest.traversable import PackageResources

    return PackageResources(finder, name.replace(".", "/"))


def submodules(finder: Any, folder: str, prefix: str) -> Iterator[tuple[str, bool]]:
    """Names (after ``prefix``) of the packed modules directly inside a folder, and which are packages."""
    parent = plain(folder).replace("/", ".") if folder else ""
    start = f"{parent}." if parent else ""
    for name, entry in sorted(finder.modules.items()):
        tail = name[len(start) :]
        if not isinstance(entry, str) and name.startswith(start) and tail and "." not in tail:
            yield prefix + tail, entry.package


class PackageFolder:
    """One entry of a package's ``__path__``, as ``pkgutil.iter_modules`` wants it.

    Raises ImportError for what is no folder of a packed package.
    """

    def __init__(self, finder: Any, path: str) -> None:
        entry = finder.modules.get(plain(path).replace("/", "."))
        if entry is None or isinstance(entry, str) or not entry.package:
            raise ImportError(f"{path} is not the folder of a package in this canister", path=path)
        self._finder = finder
        self._path = path

    def find_spec(self, name: str, target: object = None) -> None:
        """Modules are found by the finders of ``sys.meta_path`` alone."""

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """The modules of the package."""
        return submodules(self._finder, self._path, prefix)
