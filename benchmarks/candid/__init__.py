"""What the Candid codec costs per element: ``./dev bench candid`` prints the table with its goals."""
