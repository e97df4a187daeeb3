"""Keys that the network keeps in shares and a local replica simply has.

Master keys follow from the replica's seed.  Derivation is the network's, so that a public key derived from
the master key outside of the replica is the one that signatures of a canister verify with.
"""
