"""The fuzzer of the canister's codec: ``./dev fuzz``."""
