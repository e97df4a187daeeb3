"""Notes that survive upgrades: every caller's own, searchable by tag.

The notes lie in stable memory, in a map whose keys begin with the owner: so the notes of one owner lie side
by side, and a range of keys finds them without looking at those of others.  The tags are a set in the same
manner.  Nothing has to be saved before an upgrade, and nothing to be loaded after it.
"""

from basilisk import (
    Opt,
    Principal,
    Record,
    StableBTreeMap,
    StableBTreeSet,
    StableCell,
    StableLog,
    Variant,
    Vec,
    ic,
    nat64,
    null,
    query,
    text,
    update,
)

LONGEST_PAGE = 50  # notes that one call of list_notes() returns at most


class Note(Record):
    text: str
    tags: Vec[str]
    changed: nat64


class Numbered(Record):
    number: nat64
    note: Note


class Change(Variant, total=False):
    added: null
    edited: null
    removed: null


class Event(Record):
    owner: Principal
    number: nat64
    change: Change


notes = StableBTreeMap[tuple[Principal, nat64], Note](memory_id=0)
tagged = StableBTreeSet[tuple[Principal, text, nat64]](memory_id=1)
next_number = StableCell[nat64](memory_id=2, default=1)
history = StableLog[Event](memory_id=3, data_memory_id=4)


@update
def add(content: text, tags: Vec[text]) -> nat64:
    """Adds a note of the caller's and returns its number."""
    number = next_number.get()
    next_number.set(number + 1)
    _put(number, content, tags)
    _note(number, {"added": None})
    return number


@update
def edit(number: nat64, content: text, tags: Vec[text]) -> bool:
    """Replaces one of the caller's notes; false if there is none with that number."""
    if not _remove(number):
        return False
    _put(number, content, tags)
    _note(number, {"edited": None})
    return True


@update
def remove(number: nat64) -> bool:
    """Removes one of the caller's notes; false if there is none with that number."""
    if not _remove(number):
        return False
    _note(number, {"removed": None})
    return True


@query
def get(number: nat64) -> Opt[Note]:
    """One of the caller's notes."""
    return notes.get((ic.caller(), number))


@query
def list_notes(after: nat64) -> Vec[Numbered]:
    """The caller's notes with greater numbers than ``after``, as many as a page holds."""
    page: list[Numbered] = []
    for (owner, number), note in notes.range((ic.caller(), after + 1)):
        if owner != ic.caller() or len(page) == LONGEST_PAGE:
            break
        page.append({"number": number, "note": note})
    return page


@query
def with_tag(tag: text) -> Vec[nat64]:
    """Numbers of the caller's notes that have a tag."""
    owner = ic.caller()
    return [number for _, _, number in tagged.range((owner, tag, 0), (owner, tag, 2**64 - 1), inclusive=True)]


@query
def count() -> nat64:
    """The number of all notes of all callers."""
    return len(notes)


@query
def recent_events(most: nat64) -> Vec[Event]:
    """What happened last, oldest first."""
    return history[max(0, len(history) - most) :]


def _put(number: int, content: str, tags: list[str]) -> None:
    owner = ic.caller()
    notes[owner, number] = {"text": content, "tags": tags, "changed": ic.time()}
    for tag in tags:
        tagged.add((owner, tag, number))


def _remove(number: int) -> bool:
    owner = ic.caller()
    note = notes.remove((owner, number))
    if note is None:
        return False
    for tag in note["tags"]:
        tagged.discard((owner, tag, number))
    return True


def _note(number: int, change: Change) -> None:
    history.append({"owner": ic.caller(), "number": number, "change": change})
