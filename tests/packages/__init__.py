"""Packages from PyPI in canisters: what they answer there and on the host, and their own tests."""
