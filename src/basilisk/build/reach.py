"""What of the standard library a program can reach: the choice behind ``--stdlib=used``.

The graph comes with the runtime; ``stdlib_bundler/graph.py`` makes it and says what counts as an import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from basilisk.errors import ArtefactError

__all__ = ["ImportGraph", "modules_named", "words"]

_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
_NAME = re.compile(rb"""["']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)["']""")
_LITERAL = re.compile(rb"""["']([A-Za-z0-9][A-Za-z0-9 _-]{1,30})["']""")

Part = tuple[int, tuple[int, ...], tuple[str, ...]]
"""Number of a function's name (0: what runs at the import), numbers of the names it mentions, its imports."""


@dataclass(frozen=True)
class ImportGraph:
    """``modules`` has the parts of each module, ``numbers`` the names they speak of.

    ``always`` is what the interpreter imports of its own accord, ``called`` what C code calls by name,
    ``codecs`` maps spellings of encodings to modules of ``encodings``.
    """

    modules: dict[str, tuple[Part, ...]] = field(repr=False)
    numbers: dict[str, int] = field(repr=False)
    always: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    codecs: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, data: bytes) -> ImportGraph:
        """Read the runtime's section.  Raises :class:`ArtefactError` when it is missing or damaged."""
        try:
            raw = json.loads(data)
            modules = {
                name: tuple((part[0], tuple(part[1]), tuple(part[2])) for part in parts)
                for name, parts in raw["modules"].items()
            }
            numbers = {name: number for number, name in enumerate(raw["names"])}
            return cls(modules, numbers, tuple(raw["always"]), tuple(raw["called"]), dict(raw["codecs"]))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ArtefactError(
                "the runtime artefact does not say what its standard library imports",
                cause="it belongs to an older release, or it is damaged",
                remedy="make or install the runtime again, or build with --stdlib=full",
            ) from error

    def reach(self, roots: Iterable[str], mentioned: Iterable[str] = ()) -> set[str]:
        """All modules that code which mentions the names ``mentioned`` and imports ``roots`` can import."""
        seen: set[str] = set()
        todo = [*self.always, *roots]
        known: set[int] = {0}
        asleep: dict[int, list[Part]] = {}
        news = [self.numbers[name] for name in (*self.called, *mentioned) if name in self.numbers]
        while todo or news:
            awake: list[Part] = []
            if news:
                number = news.pop()
                if number not in known:
                    known.add(number)
                    awake = asleep.pop(number, [])
            else:
                name = todo.pop()
                if name in seen:
                    continue
                seen.add(name)
                if "." in name:
                    todo.append(name.rpartition(".")[0])
                for part in self.modules.get(name, ()):
                    if part[0] in known:
                        awake.append(part)
                    else:
                        asleep.setdefault(part[0], []).append(part)
            for _, mentions, imports in awake:
                news += [number for number in mentions if number not in known]
                todo += [name for name in imports if name not in seen]
        return seen

    def codecs_named(self, source: bytes) -> Iterator[str]:
        """Modules of the encodings that a text in ``source`` names."""
        for match in _LITERAL.finditer(source):
            spelling = match.group(1).decode("ascii").lower().replace("-", "_").replace(" ", "_")
            found = self.codecs.get(spelling)
            if found is not None:
                yield f"encodings.{found}"


def modules_named(source: bytes, known: Container[str], single: bool) -> Iterator[str]:
    """Modules among ``known`` that a text in ``source`` names, such as ``"logging.handlers"``.

    What stands before a dot counts as well: the text may name a class.  A name without a dot is more often
    just a word; those count only if ``single``.
    """
    for match in _NAME.finditer(source):
        name = match.group(1).decode("ascii")
        while "." in name or single:
            if name in known:
                yield name
            name, dot, _ = name.rpartition(".")
            if not dot:
                break


def words(source: bytes) -> set[str]:
    """Everything in ``source`` that could be a name, also in texts and comments."""
    return {match.decode("ascii") for match in _WORD.findall(source)}
