"""Data files of the library's packages, as importlib.resources and pkgutil ask for them.

A package's files lie in the blob as a module ``<package>._files`` whose ``FILES`` maps names to contents
(``stdlib_bundler/zones.py`` makes them).  It is run for each request and not kept: what a program reads from
a file it keeps itself, zoneinfo for example.
"""

from __future__ import annotations

import io

import _basilisk_ic  # type: ignore[import-not-found]  # it exists in a canister only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_ENOENT = 2
_EISDIR = 21
_ENOTDIR = 20


def _files(package: str) -> dict[str, bytes]:
    found = _basilisk_ic.stdlib_find(package + "._files")
    if found is None:
        return {}
    scope: dict[str, Any] = {}
    exec(found[1], scope)
    files: dict[str, bytes] = scope["FILES"]
    return files


def read(path: str) -> bytes:
    """The content of ``<stdlib>/package/file``; OSError as ``open`` raises it."""
    return at(path).read_bytes()


def at(path: str) -> Entry:
    """The entry for a path below ``<stdlib>``."""
    first, *parts = path.split("/")
    if first != "<stdlib>":
        return Entry("", path)
    return Entry("", "").joinpath(*parts)


def submodules(package: str, prefix: str) -> Iterator[tuple[str, bool]]:
    """Names (after ``prefix``) of the modules directly inside a package, and which are packages."""
    start = package + "." if package else ""
    for name in sorted(_basilisk_ic.stdlib_names()):
        tail = name[len(start) :]
        if name.startswith(start) and "." not in tail and tail != "_files":
            yield prefix + tail, _basilisk_ic.stdlib_has(name)


class PackageFolder:
    """One entry of a package's ``__path__``, as ``pkgutil.iter_modules`` wants it.

    Raises ImportError for what is no folder of a package of the library.
    """

    def __init__(self, path: str) -> None:
        self._package = path.removeprefix("<stdlib>/").replace("/", ".")
        if not _basilisk_ic.stdlib_has(self._package):
            raise ImportError(f"{path} is not the folder of a package of the library", path=path)

    def find_spec(self, name: str, target: object = None) -> None:
        """Modules are found by the finders of ``sys.meta_path`` alone."""

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """The modules of the package."""
        return submodules(self._package, prefix)


class Reader:
    """The resources of the package named ``package``."""

    def __init__(self, package: str) -> None:
        self._package = package

    def files(self) -> Entry:
        return Entry(self._package, "")


class Entry:
    """The file ``file`` of a package, or the package's folder when that is empty (a ``Traversable``)."""

    def __init__(self, package: str, file: str) -> None:
        self._package = package
        self._file = file

    @property
    def name(self) -> str:
        return self._file or self._package.rpartition(".")[2]

    def is_dir(self) -> bool:
        return not self._file and (not self._package or bool(_basilisk_ic.stdlib_has(self._package)))

    def is_file(self) -> bool:
        return bool(self._file) and self._file in _files(self._package)

    def iterdir(self) -> Iterator[Entry]:
        if not self.is_dir():
            raise NotADirectoryError(_ENOTDIR, "Not a directory", str(self))
        for name in sorted(_files(self._package)):
            yield Entry(self._package, name)
        for name, is_package in submodules(self._package, self._package and self._package + "."):
            if is_package:
                yield Entry(name, "")

    def joinpath(self, *parts: Any) -> Entry:
        entry = self
        for part in "/".join(map(str, parts)).split("/"):
            if part and part != ".":
                entry = entry._below(part)
        return entry

    def _below(self, part: str) -> Entry:
        if self._file:
            return Entry(self._package, self._file + "/" + part)
        package = self._package + "." + part if self._package else part
        return Entry(package, "") if _basilisk_ic.stdlib_has(package) else Entry(self._package, part)

    def __truediv__(self, part: Any) -> Entry:
        return self.joinpath(part)

    def read_bytes(self) -> bytes:
        if self.is_dir():
            raise IsADirectoryError(_EISDIR, "Is a directory", str(self))
        data = _files(self._package).get(self._file)
        if data is None:
            raise FileNotFoundError(_ENOENT, "No such file in the standard library", str(self))
        return data

    def read_text(self, encoding: str | None = None, errors: str = "strict") -> str:
        return self.read_bytes().decode(encoding or "utf-8", errors)

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if mode not in ("r", "rb", "rt"):
            raise ValueError(f"mode {mode!r}: the files of the library are read-only")
        stream = io.BytesIO(self.read_bytes())
        return stream if mode == "rb" else io.TextIOWrapper(stream, *args, **kwargs)

    def __str__(self) -> str:
        return "/".join(filter(None, ["<stdlib>", self._package.replace(".", "/"), self._file]))

    def __repr__(self) -> str:
        return f"Entry({str(self)!r})"
