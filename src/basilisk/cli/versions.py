"""Versions of Basilisk and of what it stands on."""

from __future__ import annotations

from importlib import metadata

__all__ = ["DEPENDENCIES", "version", "version_of"]

DEPENDENCIES = ("click", "rich", "wasmtime", "libcst", "jinja2", "zstandard", "PyYAML")


def version() -> str:
    """Version of this package; ``unknown`` in a checkout that was not installed."""
    return version_of("basilisk") or "from a source checkout"


def version_of(distribution: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
