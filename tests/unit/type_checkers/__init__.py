"""Tests of what type checkers make of programs."""
