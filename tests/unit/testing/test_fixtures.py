"""The fixtures and the marker, without any program."""

from __future__ import annotations

import pytest

# pytester forgets the modules that an inner run imports first; these are slow to import again.
import basilisk.testing.transcript
import basilisk.toolbox  # noqa: F401
from tests.inner_pytest import run_pytest

pytest_plugins = ["pytester"]


def _run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    return run_pytest(pytester, "--strict-markers")


def test_replicas_are_fresh_or_shared(pytester: pytest.Pytester) -> None:
    """One for each test, one for each file, one for the session."""
    _run(
        pytester,
        """
        import pytest
        seen = []

        @pytest.mark.parametrize("attempt", [1, 2])
        def test(replica, replica_module, replica_session, attempt):
            assert len(replica.canisters) == 0
            assert len(replica_module.canisters) == len(replica_session.canisters) == attempt - 1
            for each in (replica, replica_module, replica_session):
                each.create_canister()
            assert len({id(replica), id(replica_module), id(replica_session)}) == 3
        """,
    ).assert_outcomes(passed=2)


def test_the_marker_sets_the_replica_up(pytester: pytest.Pytester) -> None:
    """The nearest marker counts; settings of several add up."""
    _run(
        pytester,
        """
        import pytest
        pytestmark = pytest.mark.replica(seed=5, clock="ticking")

        @pytest.mark.replica(clock="standing", profile="unlimited")
        def test(replica, identity):
            from basilisk.testing import LocalReplica
            assert replica.clock.mode == "standing"
            assert replica.root_key == LocalReplica(seed=5).root_key != LocalReplica(seed=6).root_key
            assert replica.limits != LocalReplica().limits
            assert replica.identity("alice") == identity("alice") != identity("bob")

        def test_other(replica):
            assert replica.clock.mode == "ticking"
        """,
    ).assert_outcomes(passed=2)


def test_a_marker_without_names_is_refused(pytester: pytest.Pytester) -> None:
    """The error tells how it is written."""
    result = _run(
        pytester,
        """
        import pytest

        @pytest.mark.replica("ticking")
        def test(replica):
            pass
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes settings by name, such as clock='ticking'*"])


def test_names_of_the_package() -> None:
    """Everything that the package offers can be loaded from it."""
    import basilisk.testing as package

    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'zebra'"):
        _ = package.zebra
