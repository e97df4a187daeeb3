"""The methods that the benchmarks call.  Each counts nothing itself; the replica counts whole messages."""

from basilisk import Opt, Record, Vec, blob, ic, nat, nat32, nat64, query, update


class Person(Record):
    name: str
    age: nat32
    tags: Vec[str]
    parent: Opt[str]


counter: nat = 0


@query
def constant() -> nat:
    """A reply and nothing else."""
    return 42


@query
def greet(name: str) -> str:
    """A text in, a text out."""
    return f"Hello, {name}!"


@query
def noop() -> nat64:
    """Two readings of the instruction counter."""
    start = ic.performance_counter(0)
    return ic.performance_counter(0) - start


@update
def increment() -> nat:
    """A global variable is changed."""
    global counter
    counter += 1
    return counter


@query
def fib_iterative(n: nat32) -> nat:
    """Fibonacci numbers in a loop."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@query
def fib_recursive(n: nat32) -> nat:
    """Fibonacci numbers by calls."""
    return fib(n)


@query
def sum_to(n: nat32) -> nat:
    """A loop that adds."""
    total = 0
    for i in range(1, n + 1):
        total += i
    return total


def ack(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ack(m - 1, 1)
    return ack(m - 1, ack(m, n - 1))


@query
def ackermann(m: nat32, n: nat32) -> nat:
    """Deep recursion."""
    return ack(m, n)


@query
def string_ops() -> str:
    """A hundred texts appended to one another, then a slice."""
    s = ""
    for i in range(100):
        s += str(i)
    return s[:50]


@query
def list_ops() -> nat32:
    """Five hundred numbers appended from large to small, then sorted."""
    numbers = []
    for i in range(500, 0, -1):
        numbers.append(i)
    numbers.sort()
    return numbers[0]


@query
def dict_ops() -> nat:
    """Five hundred entries made, then looked up and summed."""
    d = {}
    for i in range(500):
        d[str(i)] = i * i
    total = 0
    for i in range(500):
        total += d[str(i)]
    return total


@query
def echo_blob(data: blob) -> blob:
    """Bytes through the codec."""
    return data


@query
def echo_numbers(numbers: Vec[nat64]) -> Vec[nat64]:
    """Many small numbers through the codec."""
    return numbers


@query
def echo_people(people: Vec[Person]) -> Vec[Person]:
    """Records through the codec."""
    return people


@query
def import_small() -> str:
    """First use of a library module that the program does not import at its top."""
    import colorsys

    return colorsys.__name__


@query
def import_large() -> str:
    """First use of a library module with many dependencies."""
    import unittest

    return unittest.__name__
