"""The interpreter and the codec of the bridge with the address sanitizer."""
