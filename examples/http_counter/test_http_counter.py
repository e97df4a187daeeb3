"""Tests of the counters: `pytest examples/http_counter`."""

import json
from pathlib import Path
from typing import Any

import pytest

from basilisk.testing import Canister, Deploy, run_session

HERE = Path(__file__).parent


class Browser:
    """Asks the canister as a gateway does: a query first, an update if that is what the query says."""

    def __init__(self, canister: Canister) -> None:
        self.canister = canister

    def ask(self, method: str, url: str, body: bytes = b"") -> Any:
        request = {"method": method, "url": url, "headers": [], "body": body}
        answer = self.canister.http_request({**request, "certificate_version": 2})
        return self.canister.http_request_update(request) if answer.upgrade else answer

    def json(self, method: str, url: str, body: bytes = b"") -> tuple[int, Any]:
        answer = self.ask(method, url, body)
        return answer.status_code, json.loads(answer.body)


@pytest.fixture
def browser(deploy: Deploy) -> Browser:
    return Browser(deploy(HERE))


def test_counting(browser: Browser) -> None:
    assert browser.json("POST", "/counters/tea") == (201, {"name": "tea", "count": 1})
    assert browser.json("POST", "/counters/tea", b'{"by": 4}') == (200, {"name": "tea", "count": 5})
    assert browser.json("POST", "/counters/green%20tea") == (201, {"name": "green tea", "count": 1})
    assert browser.json("GET", "/counters/tea") == (200, {"name": "tea", "count": 5})
    assert browser.json("GET", "/counters") == (200, {"green tea": 1, "tea": 5})
    assert browser.json("GET", "/counters?at_least=2") == (200, {"tea": 5})
    assert browser.canister.get("tea") == 5
    assert browser.ask("DELETE", "/counters/tea").status_code == 204
    assert browser.ask("GET", "/counters/tea").status_code == 404


def test_what_clients_do_wrong(browser: Browser) -> None:
    assert browser.ask("POST", "/counters/x", b"{").status_code == 400
    assert browser.ask("POST", "/counters/x", b'{"by": "many"}').status_code == 400
    assert browser.ask("DELETE", "/counters/x").status_code == 404
    assert browser.ask("PUT", "/counters/x").status_code == 405
    assert browser.ask("GET", "/counters?at_least=many").status_code == 400
    assert browser.ask("GET", "/elsewhere").status_code == 404


def test_what_is_certified(browser: Browser) -> None:
    """The front page carries its proof, the counters the proof that they have none; also after an upgrade."""
    for _ in range(2):
        page = browser.ask("GET", "/")
        assert b"<h1>Counters</h1>" in page.body
        assert "no_request_certification" in dict(page.headers)["IC-CertificateExpression"]
        counters = browser.ask("GET", "/counters")
        assert "no_certification" in dict(counters.headers)["IC-CertificateExpression"]
        assert "IC-Certificate" not in dict(browser.ask("GET", "/elsewhere").headers)
        browser.canister.upgrade()


def test_the_session() -> None:
    assert run_session(HERE / "session.txt", HERE) > 0
