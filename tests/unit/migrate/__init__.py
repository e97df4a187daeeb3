"""Tests of the code mod."""
