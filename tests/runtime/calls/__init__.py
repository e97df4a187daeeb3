"""Calls between canisters, coroutines, timers, randomness, the System API."""
