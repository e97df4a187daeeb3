"""What a program can reach of the standard library."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.build.reach import ImportGraph, modules_named, words
from basilisk.errors import ArtefactError

NAMES = ["", "deep", "other", "shallow", "special"]
GRAPH = ImportGraph.parse(
    json.dumps(
        {
            "always": ["core"],
            "called": ["special"],
            "codecs": {"cp437": "cp437", "ibm437": "cp437"},
            "names": NAMES,
            "modules": {
                "a": [[0, [], ["b"]], [1, [], ["deep_needed"]], [3, [1], []]],
                "b": [[2, [], ["other_needed"]]],
                "core": [[4, [], ["by_c"]]],
                "p.q": [[0, [], []]],
            },
        }
    ).encode()
)


@pytest.mark.parametrize(
    ("roots", "mentioned", "found"),
    [
        ([], [], {"core", "by_c"}),
        (["a"], [], {"core", "by_c", "a", "b"}),
        (["a"], ["deep"], {"core", "by_c", "a", "b", "deep_needed"}),
        (["a"], ["shallow"], {"core", "by_c", "a", "b", "deep_needed"}),
        (["a"], ["other", "unknown"], {"core", "by_c", "a", "b", "other_needed"}),
        (["p.q"], ["deep"], {"core", "by_c", "p", "p.q"}),
    ],
)
def test_functions_count_when_they_are_mentioned(
    roots: list[str], mentioned: list[str], found: set[str]
) -> None:
    """Imports at the top count at once, those of a function when something that can run names it."""
    assert GRAPH.reach(roots, mentioned) == found


@given(st.sets(st.sampled_from(["a", "b", "core", "p.q"])), st.sets(st.sampled_from(NAMES[1:])))
def test_more_of_a_program_never_reaches_less(roots: set[str], mentioned: set[str]) -> None:
    """Taking roots or words away takes modules away at most."""
    whole = GRAPH.reach(roots, mentioned)
    for root in roots:
        assert GRAPH.reach(roots - {root}, mentioned) <= whole
    for word in mentioned:
        assert GRAPH.reach(roots, mentioned - {word}) <= whole


def test_codecs_that_a_text_names() -> None:
    """Spellings are compared as the interpreter does; a name outside of a text is none."""
    assert set(GRAPH.codecs_named(b"x.encode('IBM437'); y = \"cp-437\"; cp437")) == {"encodings.cp437"}
    assert set(GRAPH.codecs_named(b"cp437 = 1")) == set()


@pytest.mark.parametrize(
    ("source", "single", "found"),
    [
        (b"""f("p.q.Name", 'p.q') # x""", False, ["p.q", "p.q"]),
        (b"f('p', 'other')", False, []),
        (b"f('p', 'other', 'p.q.r.s')", True, ["p", "p.q", "p"]),
        (b"p.q.Name; 'p.q. Name'; '.p.q'", True, []),
    ],
)
def test_modules_that_a_text_names(source: bytes, single: bool, found: list[str]) -> None:
    """Whole texts count, with what stands before a dot; words without one only on demand."""
    assert list(modules_named(source, {"p", "p.q"}, single)) == found


def test_words_are_those_of_code_texts_and_comments() -> None:
    """Anything that could be a name counts."""
    assert words("def f(x): return getattr(x, 'wanted') # why_not 12ab ü".encode()) >= {
        "getattr",
        "wanted",
        "why_not",
    }


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"modules": {"a": [[]]}, "names": []}'])
def test_a_runtime_without_a_graph_is_an_error(data: bytes) -> None:
    """The message says what to do."""
    with pytest.raises(ArtefactError, match="what its standard library imports"):
        ImportGraph.parse(data)
