import attr
import attrs


@attrs.define(order=True)
class Point:
    x: int = attrs.field(validator=attrs.validators.instance_of(int))
    y: int = attrs.field(default=0, converter=int)
    tags: list = attrs.field(factory=list, eq=False, order=False)


def answer() -> str:
    """Classes, converters, validators, evolve, asdict."""
    point = attrs.evolve(Point(3, "4"), x=5)
    try:
        Point("no")
    except TypeError as error:
        message = str(error.args[0])
    return repr((point, attrs.asdict(point), Point(1) < Point(2), attr.fields(Point).y.default, message))
