import pyparsing as pp

NUMBER = pp.pyparsing_common.number()
EXPRESSION = pp.infix_notation(
    NUMBER,
    [
        (pp.one_of("* /"), 2, pp.OpAssoc.LEFT),
        (pp.one_of("+ -"), 2, pp.OpAssoc.LEFT),
    ],
)


def answer() -> str:
    """An expression's tree, and where a wrong one ends."""
    tree = EXPRESSION.parse_string("1 + 2 * (3 - 4.5)", parse_all=True).as_list()
    try:
        EXPRESSION.parse_string("1 + * 2", parse_all=True)
    except pp.ParseException as error:
        message = str(error)
    return repr((tree, message))
