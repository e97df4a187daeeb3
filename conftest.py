"""Tests of this checkout use its own plug-in; from the installed package pytest loads it by itself."""

pytest_plugins = ["basilisk.testing.plugin"]
