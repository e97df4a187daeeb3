"""Instruction counts of typical methods: ``./dev bench`` builds ``program`` and prints the table."""
