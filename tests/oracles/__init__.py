"""Other implementations of Candid, to compare ours with."""
