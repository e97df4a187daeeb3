"""The mirror is read from apt's configuration in both of its formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpython.mirror import debian_mirror, parse_deb822, parse_one_line, system_entries

DEB822 = """\
# made by an installer
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components:
 main
 contrib
"""

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://mirror.example/debian bookworm main contrib # note
deb http://mirror.example/security bookworm-security main
deb-src http://sources.example/debian bookworm main
"""


@pytest.mark.parametrize(
    "entries", [parse_deb822(DEB822), parse_one_line(ONE_LINE)], ids=["deb822", "one line"]
)
def test_both_formats_give_main_and_security(entries: list[object]) -> None:
    """Options, comments and continued lines are read as sources.list(5) says."""
    assert debian_mirror(entries, "bookworm") == (  # type: ignore[arg-type]
        "http://mirror.example/debian",
        "http://mirror.example/security",
    )


def test_another_project_s_repository_is_no_mirror() -> None:
    """A third party serves a suite of its own name or other components."""
    entries = parse_one_line(
        "deb http://third.example/apt nodistro main\n"
        "deb http://third.example/deb bookworm third-party\n"
        "deb-src http://mirror.example/debian bookworm main\n"
    )
    assert debian_mirror(entries, "bookworm") is None


def test_a_machine_that_is_no_debian_has_no_mirror() -> None:
    """Then mmdebstrap's own default is used."""
    assert debian_mirror(parse_deb822(DEB822), None) is None


def test_disabled_stanzas_do_not_count() -> None:
    """``Enabled: no`` switches a stanza off."""
    assert parse_deb822("Enabled: no\n" + DEB822.split("\n\n")[0]) == []


def test_the_whole_configuration_is_read(tmp_path: Path) -> None:
    """sources.list, and below sources.list.d the files that apt itself reads."""
    folder = tmp_path / "etc" / "apt"
    (folder / "sources.list.d").mkdir(parents=True)
    (folder / "sources.list").write_text("deb http://one.example/debian bookworm main\n")
    (folder / "sources.list.d" / "debian.sources").write_text(DEB822)
    (folder / "sources.list.d" / "old.list.save").write_text(
        "deb http://saved.example/debian bookworm main\n"
    )
    uris = [entry.uri for entry in system_entries(tmp_path)]
    assert uris == [
        "http://one.example/debian",
        "http://mirror.example/debian",
        "http://mirror.example/security",
    ]
    assert system_entries(tmp_path / "nowhere") == []
