"""Scripts of the source checkout: building the runtime, the wheel, and checks.  Standard library only."""
