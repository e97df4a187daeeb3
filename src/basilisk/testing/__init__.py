"""Tools for tests of canisters on the host: scripted sessions."""

from __future__ import annotations
