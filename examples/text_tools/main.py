"""Text tools on the standard library: what a program does there works here without change."""

import csv
import hashlib
import io
import json
import re
import statistics
import textwrap
import unicodedata
import zlib
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from typing import Any

from basilisk import Opt, Record, Variant, Vec, blob, float64, nat, nat32, nat64, query, update

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
LOG_LINE = re.compile(r"(?P<when>\S+) (?P<level>[A-Z]+) (?:\[(?P<source>\w+)\] )?(?P<text>.*)")


class WordCount(Record):
    word: str
    count: nat32


class Looked(Variant, total=False):
    Found: str
    Missing: str
    Invalid: str


class Span(Record):
    days: nat32
    weekday: str
    leap_year: bool
    week: nat32


class Invoice(Record):
    net: str
    tax: str
    total: str


class Digests(Record):
    sha256: blob
    sha3_256: blob
    blake2b: blob
    md5: blob
    crc32: nat32


class Column(Record):
    name: str
    mean: float64
    median: float64
    highest: float64


class LogSummary(Record):
    source: str
    worst: str
    entries: nat32
    seconds: nat64


class Level(Enum):
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(frozen=True)
class LogEntry:
    when: datetime
    level: Level
    source: str
    text: str


@query
def count_words(text: str, most: nat32) -> Vec[WordCount]:
    """The most frequent words, whatever their case."""
    counter = Counter(word.casefold() for word in WORD.findall(text))
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return [{"word": word, "count": count} for word, count in ranked[:most]]


@query
def slugify(title: str) -> str:
    """A title as it stands in an address: plain letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


@query
def redact(text: str) -> str:
    """The text without mail addresses."""
    return MAIL.sub(lambda match: "*" * len(match[0].partition("@")[0]) + "@…", text)


@query
def look_up(document: str, pointer: str) -> Looked:
    """A value of a JSON document by its JSON pointer (RFC 6901)."""
    try:
        value: Any = json.loads(document)
    except json.JSONDecodeError as error:
        return {"Invalid": f"line {error.lineno}, column {error.colno}: {error.msg}"}
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key) if isinstance(value, list) else key]
        except (KeyError, IndexError, TypeError, ValueError):
            return {"Missing": step}
    return {"Found": json.dumps(value, sort_keys=True, ensure_ascii=False)}


@query
def span(first: str, last: str) -> Span:
    """From one day to another, both as YYYY-MM-DD."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {
        "days": (end - start) // timedelta(days=1),
        "weekday": end.strftime("%A"),
        "leap_year": (date(end.year, 3, 1) - date(end.year, 2, 28)).days == 2,
        "week": end.isocalendar().week,
    }


@query
def invoice(net: str, rate: str) -> Invoice:
    """Tax on a price, to the cent and without binary fractions."""
    amount = Decimal(net)
    tax = (amount * Decimal(rate) / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return {"net": f"{amount:,.2f}", "tax": f"{tax:,.2f}", "total": f"{amount + tax:,.2f}"}


@query
def digests(data: blob) -> Digests:
    """The data's fingerprints."""
    return {
        "sha256": hashlib.sha256(data).digest(),
        "sha3_256": hashlib.sha3_256(data).digest(),
        "blake2b": hashlib.blake2b(data, digest_size=16).digest(),
        "md5": hashlib.md5(data).digest(),
        "crc32": zlib.crc32(data),
    }


@query
def pack(data: blob) -> blob:
    """The data as a zlib stream."""
    return zlib.compress(data, 9)


@query
def unpack(stream: blob) -> blob:
    """The data of a zlib stream; damage ends in an exception, and the caller reads its traceback."""
    return zlib.decompress(stream)


@query
def columns(table: str) -> Vec[Column]:
    """Statistics of the numeric columns of a table with comma-separated values."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(table)):
        for name, cell in row.items():
            try:
                number = float(cell)
            except ValueError:
                continue
            values[name].append(number)
    return [
        {
            "name": name,
            "mean": statistics.fmean(numbers),
            "median": statistics.median(numbers),
            "highest": max(numbers),
        }
        for name, numbers in values.items()
    ]


@query
def summarise_log(text: str) -> Vec[LogSummary]:
    """For each source in a log: how many entries, the worst level, and the seconds that they span."""
    entries: defaultdict[str, list[LogEntry]] = defaultdict(list)
    for line in text.splitlines():
        if match := LOG_LINE.fullmatch(line):
            entry = LogEntry(
                datetime.fromisoformat(match["when"]).astimezone(timezone.utc),
                Level[match["level"]],
                match["source"] or "main",
                match["text"],
            )
            entries[entry.source].append(entry)
    summaries: list[LogSummary] = []
    for source, found in sorted(entries.items()):
        worst = max((entry.level for entry in found), key=lambda level: level.value)
        times = [asdict(entry)["when"] for entry in found]
        summaries.append(
            {
                "source": source,
                "worst": worst.name.title(),
                "entries": len(found),
                "seconds": (max(times) - min(times)).seconds,
            }
        )
    return summaries


@query
def wrap(text: str, width: nat32) -> Vec[str]:
    """The text in lines of at most ``width`` characters."""
    return textwrap.wrap(text, width)


@query
def compare(before: str, after: str) -> str:
    """The difference of two texts in unified form."""
    # Imported at its first use: the module comes out of the library inside the canister.
    import difflib

    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="")
    return "\n".join(lines)


vocabulary: set[str] = set()


@update
def learn(text: str) -> nat:
    """Adds the words of a text to the vocabulary and returns how many it has."""
    vocabulary.update(word.casefold() for word in WORD.findall(text))
    return len(vocabulary)


@query
def suggest(word: str) -> Opt[str]:
    """The known word that is most like ``word``, if any is."""
    import difflib

    matches = difflib.get_close_matches(word.casefold(), sorted(vocabulary), n=1)
    return matches[0] if matches else None
