import typing_extensions as te


class Movie(te.TypedDict, total=False):
    title: te.Required[str]
    year: te.NotRequired[te.Annotated[int, "AD"]]


@te.runtime_checkable
class Named(te.Protocol):
    name: str


@te.deprecated("use another")
def old():
    return 1


def answer() -> str:
    """Typed dicts, protocols, deprecation, literals."""

    class Thing:
        name = "x"

    hints = te.get_type_hints(Movie, include_extras=False)
    return repr(
        (
            sorted(Movie.__required_keys__),
            sorted(hints),
            isinstance(Thing(), Named),
            old.__deprecated__,
            te.get_args(te.Literal[1, 2]),
        )
    )
