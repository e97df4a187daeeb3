"""Shows that nothing but its inputs decides what a build writes and what a canister does.

``python -m tests.determinism`` (``./dev verify-determinism``) is the whole suite; ``docs/determinism.md``
says what it compares and what came out.
"""
