"""The pytest plug-in: fixtures, a marker for the replica's settings, and the canister's output in failures.

Nothing heavy is imported before a fixture is used: most test sessions of an environment in which Basilisk is
installed have nothing to do with canisters.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from basilisk.principal import Principal
    from basilisk.testing.replica import Deploy, LocalReplica
    from basilisk.testing.transcript import Transcript

__all__: list[str] = []

_TRANSCRIPT: pytest.StashKey[Transcript] = pytest.StashKey()

_MARKER = (
    "replica(**settings): settings of the replica of this test: clock ('standing', 'ticking' or 'real'), "
    "seed, and whatever else basilisk.testing.LocalReplica takes"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def replica(request: pytest.FixtureRequest) -> Iterator[LocalReplica]:
    """A local Internet Computer of this test alone; compiled code is shared, so it costs next to nothing."""
    yield from _opened(request)


@pytest.fixture(scope="module")
def replica_module(request: pytest.FixtureRequest) -> Iterator[LocalReplica]:
    """A local Internet Computer that the tests of one file share."""
    yield from _opened(request)


@pytest.fixture(scope="session")
def replica_session(request: pytest.FixtureRequest) -> Iterator[LocalReplica]:
    """A local Internet Computer that all tests of this process share."""
    yield from _opened(request)


@pytest.fixture
def deploy(replica: LocalReplica) -> Deploy:
    """A function that builds a program and installs it in this test's replica; it returns the canister."""
    return replica.deploy


@pytest.fixture(scope="session")
def identity() -> Callable[[str], Principal]:
    """A function from a name to the principal of an identity: the same in every test."""
    from basilisk.testing.session import identity as named

    return named


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What shared replicas printed for earlier tests does not belong to this one."""
    transcript = item.config.stash.get(_TRANSCRIPT, None)
    if transcript is not None:
        transcript.begin()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what canisters printed during a test that fails."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    transcript = item.config.stash.get(_TRANSCRIPT, None)
    if transcript is not None and report.failed:
        text = transcript.text()
        if text:
            report.sections.append(("Canister log", text))


def _opened(request: pytest.FixtureRequest) -> Iterator[LocalReplica]:
    """A replica with the settings of the markers; its canisters are freed at the end."""
    from basilisk.testing.replica import LocalReplica
    from basilisk.testing.transcript import Transcript

    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("replica"))):
        if marker.args:
            raise pytest.UsageError("the marker 'replica' takes settings by name, such as clock='ticking'")
        settings.update(marker.kwargs)
    if isinstance(settings.get("clock"), str):
        from basilisk.replica import Clock

        settings["clock"] = Clock(mode=settings["clock"])
    made = LocalReplica(**settings)
    made.folders = (request.config.rootpath,)
    transcript = request.config.stash.setdefault(_TRANSCRIPT, Transcript())
    transcript.add(made)
    yield made
    transcript.remove(made)
    for canister in made.canisters:
        made.uninstall_code(canister)
