"""Candid on the host and in the canister: types, interface files, text values and the binary format."""
