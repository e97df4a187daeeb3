"""docs/http.md: every program on the page builds and does what the text says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from basilisk.replica.management.outcalls import HttpResponse
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica
from tests.runtime.serving.test_serving import Gateway

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "http.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)


@pytest.fixture
def canisters(replica: LocalReplica, artefact: Found, tmp_path: Path) -> list[Canister]:
    found = []
    for number, program in enumerate(PROGRAMS):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "main.py").write_text(program, encoding="utf-8")
        found.append(replica.deploy(folder, cycles=10**15))
    return found


def test_the_programs(canisters: list[Canister], replica: LocalReplica) -> None:
    router, certified, plain, client = canisters
    notes = Gateway(router)
    assert notes.ask("/notes", "POST", b'{"text": "milk"}')[::2] == (201, b'{"number":0}')
    assert notes.ask("/notes/0?upper=1").body == b"MILK"
    assert notes.ask("/notes/1").status == notes.ask("/notes/x").status == 404
    assert notes.ask("/files/a/b%20c").json() == {"path": "a/b c"}
    assert notes.ask("/who")[2:] == (b"2vxsx-fae", "update")
    site = Gateway(certified)
    for _ in range(2):
        assert site.verified("/")[1] == site.verified("/app/x/y")[1] == "certified"
        assert site.verified("/api/time")[1] == "skipped"
        certified.upgrade()
    certified.change("new")
    assert site.verified("/")[0].body == b"new"
    assert Gateway(plain).ask("/x").body == b"/x"
    replica.http_responder = lambda request: HttpResponse(418)
    assert client.fetch("https://example.com") == 418
