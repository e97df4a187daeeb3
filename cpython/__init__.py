"""Pins, toolchain and cross build of CPython for WebAssembly.

Runs on the Python of a bare machine: standard library only, no installed package.
"""
