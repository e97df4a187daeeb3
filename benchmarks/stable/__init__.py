"""What operations on stable structures cost."""
