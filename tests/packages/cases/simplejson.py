from decimal import Decimal

import simplejson


def answer() -> str:
    """Decimals stay exact; the part in C stays out."""
    data = simplejson.loads('{"a": [1.10, null, true, "\\u00e9"]}', use_decimal=True)
    try:
        simplejson.loads("[1,")
    except simplejson.JSONDecodeError as error:
        message = str(error)
    return repr((data, simplejson.dumps({"b": Decimal("2.50"), "a": (1, 2)}, sort_keys=True), message))
