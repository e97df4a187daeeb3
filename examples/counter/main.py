"""A counter: the smallest canister that keeps state."""

from basilisk import nat, query, update

count: nat = 0


@query
def get() -> nat:
    """The current count."""
    return count


@update
def increment() -> nat:
    """Adds one and returns the new count."""
    global count
    count += 1
    return count


@update
def add(amount: nat) -> nat:
    """Adds ``amount``, which may be larger than any machine word, and returns the new count."""
    global count
    count += amount
    return count


@update
def reset() -> None:
    """Starts again at zero."""
    global count
    count = 0
