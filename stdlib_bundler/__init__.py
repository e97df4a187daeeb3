"""Turns the Python standard library into one read-only blob for the runtime.

``policy`` says what ships, what is left out and what is refused; ``collect`` finds the modules in a tree of
CPython; ``compiler`` makes code objects; ``bundle`` groups and compresses them; ``format`` is the only
definition of the blob's bytes.  Run it with ``python3.13 -m stdlib_bundler --help``.
"""
