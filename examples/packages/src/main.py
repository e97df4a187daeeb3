"""Thirteen packages from PyPI in one canister: see README.md."""

from importlib.metadata import version

import answers

from basilisk import blob, nat32, query, text

PACKAGES = [
    "attrs",
    "ecdsa",
    "idna",
    "jinja2",
    "more-itertools",
    "pyparsing",
    "python-dateutil",
    "pyyaml",
    "simplejson",
    "six",
    "sortedcontainers",
    "tabulate",
    "toolz",
]


@query
def versions() -> list[text]:
    """The packages and their versions, from their metadata."""
    return [f"{name} {version(name)}" for name in PACKAGES]


@query
def page(names: list[text]) -> text:
    return answers.page(names)


@query
def orders(yaml: text) -> text:
    return answers.orders(yaml)


@query
def tree(expression: text) -> text:
    return answers.tree(expression)


@query
def fridays(start: text, count: nat32) -> list[text]:
    return answers.fridays(start, count)


@query
def sums(numbers: list[int], width: nat32) -> list[int]:
    return answers.sums(numbers, width)


@query
def signature(message: blob) -> blob:
    return answers.signature(message)


@query
def domain(name: text) -> text:
    return answers.domain(name)
