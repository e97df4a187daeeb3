"""Every test of the pipeline has a cache folder and an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from basilisk.build import environment
from basilisk.runtime.stdlib import StdlibIndex

Tree = Callable[[dict[str, str]], Path]


@pytest.fixture(autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees the user's cache or settings, or what another test put on the disk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for name in ("VIRTUAL_ENV", "BASILISK_PYTHON_BACKEND", "BASILISK_DEBUG", "CANISTER_CANDID_PATH"):
        monkeypatch.delenv(name, raising=False)
    yield
    environment.forget_listings()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Writes files (name to content) into an empty folder, makes it the current one, returns it."""

    def write(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


@pytest.fixture
def stdlib() -> StdlibIndex:
    """A small standard library: json and logging exist, socket is refused."""
    return StdlibIndex(
        {
            "collections": True,
            "json": True,
            "json.decoder": False,
            "re": True,
            "logging": True,
            "typing": False,
            "importlib": True,
        },
        {
            "socket": "module 'socket' cannot work in a canister: a canister has no sockets; use outcalls",
            "urllib.request": "module 'urllib.request' cannot work in a canister: no sockets; use outcalls",
        },
    )
