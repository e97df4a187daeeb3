"""What the methods of the management canister do, by subject."""
