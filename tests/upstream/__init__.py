"""CPython's own tests, run inside a canister: ``./dev test-cpython``."""
