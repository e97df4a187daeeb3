"""What happens where a canister ends: depth, memory, instructions, and what is left afterwards."""
