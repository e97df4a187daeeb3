"""What the canister answers, each with the help of a package from PyPI; the host gives the same answers."""

import hashlib
from datetime import datetime

import attrs
import ecdsa
import idna
import jinja2
import pyparsing
import simplejson
import six
import tabulate
import toolz
import toolz.curried
import yaml
from dateutil import parser, relativedelta, rrule
from more_itertools import chunked, windowed
from sortedcontainers import SortedDict

PAGE = jinja2.Environment(autoescape=True).from_string(
    "<ul>{% for name in names|sort %}<li>{{ name }}</li>{% endfor %}</ul>"
)

NUMBER = pyparsing.pyparsing_common.number()
EXPRESSION = pyparsing.infix_notation(
    NUMBER,
    [
        (pyparsing.one_of("* /"), 2, pyparsing.OpAssoc.LEFT),
        (pyparsing.one_of("+ -"), 2, pyparsing.OpAssoc.LEFT),
    ],
)


@attrs.define(order=True)
class Order:
    """An order as attrs makes its class: converted, checked, comparable."""

    amount: int = attrs.field(converter=int, validator=attrs.validators.ge(1))
    article: str = attrs.field(validator=attrs.validators.instance_of(str))


def page(names: list[str]) -> str:
    """jinja2: a template, with names escaped."""
    return str(PAGE.render(names=names))


def orders(text: str) -> str:
    """PyYAML, attrs, sortedcontainers and tabulate: orders as YAML become a table by article."""
    table = SortedDict()
    for row in yaml.safe_load(text):
        order = Order(**row)
        table[order.article] = table.get(order.article, 0) + order.amount
    return tabulate.tabulate(table.items(), headers=["article", "amount"], tablefmt="github")


def tree(expression: str) -> str:
    """pyparsing and simplejson: an arithmetic expression's tree as JSON."""
    return str(
        simplejson.dumps(EXPRESSION.parse_string(expression, parse_all=True).as_list(), use_decimal=True)
    )


def fridays(start: str, count: int) -> list[str]:
    """python-dateutil (and six, which it grew up with): the last Fridays of the months after a date."""
    first = parser.parse(six.ensure_str(start)) + relativedelta.relativedelta(months=+1, day=1)
    rule = rrule.rrule(
        rrule.MONTHLY, dtstart=datetime(first.year, first.month, 1), byweekday=rrule.FR(-1), count=count
    )
    return [day.date().isoformat() for day in rule]


def sums(numbers: list[int], width: int) -> list[int]:
    """more-itertools and toolz: sums of neighbours, then of chunks."""
    neighbours = [sum(window) for window in windowed(numbers, 2, fillvalue=0)]
    return list(toolz.pipe(chunked(neighbours, width), toolz.curried.map(sum), list))


def signature(message: bytes) -> bytes:
    """ecdsa: a deterministic signature (RFC 6979) with a key that everybody knows, and its check."""
    key = ecdsa.SigningKey.from_secret_exponent(7, curve=ecdsa.SECP256k1, hashfunc=hashlib.sha256)
    made: bytes = key.sign_deterministic(message)
    assert key.verifying_key.verify(made, message)
    return made


def domain(name: str) -> str:
    """idna: an international domain name as the network writes it."""
    return idna.encode(name, uts46=True).decode("ascii")
