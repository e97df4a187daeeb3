"""What is measured, and the figures that others have published for the same programs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """One call.  ``published``: instructions of a whole call in Rust, Motoko, RustPython, other CPython."""

    name: str
    method: str
    arguments: str
    published: tuple[int | None, int | None, int | None, int | None] = (None, None, None, None)


_PEOPLE = "; ".join(
    f'record {{ name = "Person {i}"; age = {i}; tags = vec {{ "a"; "b" }}; parent = opt "Parent {i}" }}'
    for i in range(100)
)

CASES = (
    Case("constant", "constant", "()"),
    Case("greet", "greet", '("World")'),
    Case("noop", "noop", "()", (13_686, 3_299, None, 15_592)),
    Case("increment", "increment", "()", (12_827, 3_411, None, 15_159)),
    Case("fib(25), loop", "fib_iterative", "(25)", (12_750, 5_713, None, 36_553)),
    Case("fib(20), recursive", "fib_recursive", "(20)", (373_953, 2_050_048, None, 29_617_193)),
    Case("sum of 1 to 10,000", "sum_to", "(10_000)", (272_761, 513_314, None, 12_767_523)),
    Case("ackermann(3, 6)", "ackermann", "(3, 6)", (3_285_678, 15_225_081, None, 284_158_839)),
    Case("string_ops", "string_ops", "()", (None, None, 2_135_202, 275_375)),
    Case("list_ops", "list_ops", "()", (None, None, 5_819_267, 602_711)),
    Case("dict_ops", "dict_ops", "()", (None, None, 23_087_720, 3_407_101)),
    Case("echo 10 KiB blob", "echo_blob", f'(blob "{"x" * 10_240}")'),
    Case("echo 1,000 nat64", "echo_numbers", f"(vec {{ {'; '.join(str(i) for i in range(1000))} }})"),
    Case("echo 100 records", "echo_people", f"(vec {{ {_PEOPLE} }})"),
    Case("import colorsys", "import_small", "()"),
    Case("import unittest", "import_large", "()"),
)
