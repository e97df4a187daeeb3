"""Canisters of the Internet Computer that programs call: types, and services ready to use.

Each is a module of its own, so that a program carries only those it imports.
"""
