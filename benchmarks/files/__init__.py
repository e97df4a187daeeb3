"""What operations on files cost."""
