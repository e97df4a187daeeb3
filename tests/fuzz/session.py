"""One run of libFuzzer over the canister's codec."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.runtime.codec import codec_driver

from . import driver
from .library import Workshop, workshop
from .seeds import Seeds, dictionary

__all__ = ["Outcome", "fuzz"]

LONGEST_INPUT = 4_096
#: Megabytes that the process may take; beyond it libFuzzer reports a finding.
MEMORY_LIMIT = 1_024
#: Seconds after which an input counts as a hang.  Work is bounded by counting; this is the net below.
HANG = 20

_START = """\
import sys, types
# Under the names that the other process knows, so that pickled classes are found on both sides.
library, *sources = sys.argv[1:]
for full_name, source in zip(sources[::2], sources[1::2]):
    parts = full_name.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        if name not in sys.modules:
            sys.modules[name] = types.ModuleType(name)
    module = sys.modules[full_name]
    exec(compile(source, full_name, "exec"), module.__dict__)
module.main(library)
"""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.  ``corpus`` are the inputs worth keeping, ``finding`` one that broke a property."""

    text: str
    inputs: int
    accepted: int
    corpus: list[bytes]
    finding: bytes | None


def fuzz(seeds: Seeds, *options: str, corpus: Path | None = None, echo: bool = False) -> Outcome:
    """Run libFuzzer with its ``options`` from the seeds, and from the inputs in ``corpus``, which grows."""
    place = workshop()
    try:
        inputs, artifacts = place.folder / "corpus", place.folder / "findings"
        for folder in (inputs, artifacts):
            folder.mkdir()
        for number, data in enumerate([*seeds.inputs, *_files(corpus)]):
            (inputs / f"{number:06}").write_bytes(data)
        (place.folder / "words").write_text(dictionary(), "utf-8")
        arguments = [
            "codec",
            f"-max_len={LONGEST_INPUT}",
            f"-rss_limit_mb={MEMORY_LIMIT}",
            f"-timeout={HANG}",
            f"-dict={place.inside(place.folder / 'words')}",
            f"-artifact_prefix={place.inside(artifacts)}/",
            "-use_value_profile=1",
            "-print_final_stats=1",
            *options,
            place.inside(inputs),
        ]
        status, text = _run(place, seeds, arguments, echo)
        found = list(_files(artifacts))
        kept = list(_files(inputs))
        if corpus is not None:
            _keep(corpus, kept)
    finally:
        shutil.rmtree(place.folder, ignore_errors=True)
    counts = re.search(r"inputs: (\d+) accepted: (\d+)", text)
    if status != 0 and not found:
        raise RuntimeError(f"the fuzzer ended with code {status}:\n{text[-4000:]}")
    totals = (int(counts[1]), int(counts[2])) if counts else (0, 0)
    return Outcome(text, *totals, kept, found[0] if found else None)


def _run(place: Workshop, seeds: Seeds, arguments: Sequence[str], echo: bool) -> tuple[int, str]:
    modules: list[str] = []
    for module in (codec_driver, driver):
        modules += [module.__name__, Path(str(module.__file__)).read_text("utf-8")]
    process = subprocess.Popen(
        [*place.python, "-c", _START, place.library, *modules],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None and process.stdout is not None
    with process.stdin:
        pickle.dump(([plan.nodes for plan in seeds.plans], list(arguments)), process.stdin, 4)
    lines: list[str] = []
    for raw in process.stdout:
        line = raw.decode("utf-8", "replace")
        lines.append(line)
        if echo:
            print(line, end="", flush=True)
    process.stdout.close()
    return process.wait(), "".join(lines)


def _files(folder: Path | None) -> Iterator[bytes]:
    if folder is not None and folder.is_dir():
        for path in sorted(folder.iterdir()):
            yield path.read_bytes()


def _keep(folder: Path, inputs: Sequence[bytes]) -> None:
    from hashlib import sha256

    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / sha256(data).hexdigest()[:32]).write_bytes(data)
