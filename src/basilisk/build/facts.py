"""What the check stage learns of one source file: imports, functions, classes, and where they stand.

Plain data that can be stored as JSON, so that an unchanged file is not parsed again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

__all__ = ["ClassFact", "Facts", "FunctionFact", "ImportFact", "Place"]

Place = tuple[int, int]
"""Line and column, both counted from 1; (0, 0) when positions were not asked for."""


@dataclass(frozen=True)
class ImportFact:
    """One module that an import statement names.

    ``import a.b`` has ``module`` ``a.b`` and no ``names``; ``from ..a import b, c`` has ``module`` ``a``,
    ``names`` ``("b", "c")`` and ``level`` 2.  ``guarded``: a failure is caught by a surrounding ``try``.
    ``optional``: the statement stands in a conditional branch, so it may never run.
    """

    module: str
    names: tuple[str, ...]
    level: int
    place: Place
    guarded: bool = False
    optional: bool = False


@dataclass(frozen=True)
class FunctionFact:
    """A function definition; ``name`` is qualified (``Class.method``, ``outer.<locals>.inner``).

    ``decorator`` is the Basilisk decorator it carries (``query``, ``init``, …), if any.  ``nested`` says
    what it is defined in: ``""`` (the module), ``"class"`` or ``"function"``.
    """

    name: str
    place: Place
    parameters: dict[str, Place]
    result: Place | None
    decorator: str | None
    nested: str
    annotated: bool


@dataclass(frozen=True)
class ClassFact:
    """A class definition and the places of its annotated fields' annotations."""

    name: str
    place: Place
    fields: dict[str, Place]


@dataclass(frozen=True)
class Facts:
    """All that is known of one source file."""

    imports: tuple[ImportFact, ...] = ()
    functions: tuple[FunctionFact, ...] = ()
    classes: tuple[ClassFact, ...] = field(default=())

    def function(self, name: str) -> FunctionFact | None:
        """The last definition of a function (Python keeps the last), by qualified or plain name."""
        matches = [item for item in self.functions if name in (item.name, item.name.rpartition(".")[2])]
        exact = [item for item in matches if item.name == name]
        found = exact or matches
        return found[-1] if found else None

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Facts:
        """Inverse of :meth:`to_json`.  Raises ValueError, KeyError or TypeError on anything else."""
        raw = json.loads(data)

        def place(value: list[int]) -> Place:
            line, column = value
            return (line, column)

        def places(value: dict[str, list[int]]) -> dict[str, Place]:
            return {name: place(item) for name, item in value.items()}

        return cls(
            tuple(
                ImportFact(
                    item["module"],
                    tuple(item["names"]),
                    item["level"],
                    place(item["place"]),
                    item["guarded"],
                    item["optional"],
                )
                for item in raw["imports"]
            ),
            tuple(
                FunctionFact(
                    item["name"],
                    place(item["place"]),
                    places(item["parameters"]),
                    place(item["result"]) if item["result"] is not None else None,
                    item["decorator"],
                    item["nested"],
                    item["annotated"],
                )
                for item in raw["functions"]
            ),
            tuple(ClassFact(i["name"], place(i["place"]), places(i["fields"])) for i in raw["classes"]),
        )
