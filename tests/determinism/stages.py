"""The stages of the suite: each compares something and adds its rows to the report."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings

from basilisk.build.pipeline import Built, build
from basilisk.build.project import resolve
from tests.determinism.builds import compare_places, places, program_files
from tests.determinism.engines import Engines, other_process
from tests.determinism.example_tests import run_example_tests
from tests.determinism.fragments import kinds_of
from tests.determinism.player import Step
from tests.determinism.programs import modules, session_of_a_module, traces
from tests.determinism.record import RecordingEngine
from tests.determinism.report import Report
from tests.determinism.sessions import EXAMPLES, build_example, check_session, names
from tests.determinism.sources import SOURCES, host_differs
from tests.determinism.v8 import V8, find_node

__all__ = ["Suite"]

INTERPRETER = Path(__file__).with_name("interpreter")

#: Traces that one of the other processes plays before a fresh one takes over.
_LASTS = 25


class Suite:
    """The stages, which share engines and a folder for what they build.

    ``findings`` is where traces go that differed.
    """

    def __init__(self, report: Report, runtime: Path, folder: Path, findings: Path) -> None:
        self.report = report
        self._runtime = runtime
        self._folder = folder
        self._findings = findings
        self._cranelift = RecordingEngine()
        self._pulley = RecordingEngine("pulley64")
        node = find_node()
        self._v8 = V8(node) if node is not None else None
        if node is None:
            report.note("V8: there is no Node.js for this machine")
        self._engines = "Cranelift, Pulley" + (", V8" if node is not None else "")
        self._pair = places(Path(tempfile.mkdtemp(dir=folder)))
        if self._pair[2]:
            report.note(f"builds differ in everything but the {self._pair[2]}")

    def close(self) -> None:
        """End other processes."""
        if self._v8 is not None:
            self._v8.close()

    def builds(self) -> None:
        """Each example, built in two places."""
        differences = []
        for name in names():
            files = program_files(EXAMPLES / name)
            differences += compare_places(self._pair[:2], name, files, self._runtime)[0]
        what = "bytes of `.wasm`, `.wasm.gz`, `.did`"
        self.report.add(f"{what}: examples", _TWO_PLACES, f"{len(names())} programs", differences)

    def sources(self) -> None:
        """One probe for each source of chance."""
        built = self._interpreter()
        again = other_process(built.wasm, built.did, self._folder, 1)
        engines = self._all(built, again)
        rows: list[tuple[str, ...]] = []
        differences = list(engines.at_installation)
        for source in SOURCES:
            found = engines.check([Step("call", "execute", source.program)])
            differences += [f"{source.name}: {text}" for text in found]
            host = "differ" if host_differs(source, self._folder) else "agree"
            rows.append((source.name, source.remedy, "differ" if found else "agree", host))
        again.close()
        engines.close()
        head = (
            "source",
            "in a canister",
            f"{self._engines}, another process",
            "two processes of the host's Python",
        )
        self.report.table(head, rows)
        self.report.add(
            "sources of chance", f"{self._engines}, another process", f"{len(rows)} probes", differences
        )

    def sessions(self) -> None:
        """The examples' sessions, and their tests."""
        calls = runs = 0
        differences = []
        for name in names():
            built = build_example(name, self._folder / f"session {name}")
            outcome = check_session(name, built, self._cranelift, self._pulley, self._v8)
            calls, runs = calls + outcome.calls, runs + outcome.runs
            differences += [f"{name}: {text}" for text in outcome.differences]
        cases = f"{calls} calls, {runs} runs"
        self.report.add("sessions of the examples", self._engines, cases, differences)
        if self._v8 is not None:
            tested = run_example_tests(self._cranelift, self._v8)
            self._v8.forget()
            cases = f"{tested.tests} tests, {tested.runs} runs"
            self.report.add("tests of the examples", "Cranelift, V8", cases, tested.differences)

    def traces(self, count: int, number: int, pulley_every: int) -> None:
        """Generated traces to the interpreter canister."""
        built = self._interpreter()
        again = other_process(built.wasm, built.did, self._folder, _LASTS)
        engines = self._all(built, again)
        self.report.add("installation", self._engines, "1 canister", engines.at_installation)
        kinds: Counter[str] = Counter()
        answers: Counter[str] = Counter()
        found: dict[str, list[str]] = {}
        played = 0

        @_drawing(count, number)
        @given(traces())
        def check(steps: list[Step]) -> None:
            nonlocal played
            played += 1
            differences = engines.check(steps, pulley=played % pulley_every == 0)
            for step in steps:
                kinds.update(kinds_of(step.text))
            for text in differences:
                found.setdefault(text.split(":")[0], []).append(text)
            if differences:
                self._keep(steps, differences)
            if played % 50 == 0:
                self.report.say(f"{played} traces, {sum(map(len, found.values()))} differences")

        check()
        answers.update(engines.outcomes)
        for engine in ("Pulley", "V8", "Cranelift again"):
            if engine not in engines.traces:
                continue
            others = [text for name, texts in found.items() if _is_of(name, engine) for text in texts]
            between = {"Cranelift again": f"Cranelift in {again.processes} other processes"}.get(
                engine, engine
            )
            cases = f"{engines.traces[engine]} traces, {engines.runs[engine]} runs"
            self.report.add("generated traces", f"Cranelift, {between}", cases, others)
        self.report.say(f"fragments: {dict(kinds.most_common())}")
        ended = ", ".join(f"{number} {name}" for name, number in answers.most_common())
        self.report.add("… of them", "runs on Cranelift, by their end", ended, [])
        again.close()
        engines.close()

    def programs(self, count: int, number: int) -> None:
        """Generated programs, built in two places, called and upgraded."""
        bytes_differ: list[str] = []
        runs_differ: list[str] = []
        made = runs = 0

        @_drawing(count, number)
        @given(modules())
        def check(source: str) -> None:
            nonlocal made, runs
            made += 1
            name = f"program{made}"
            differences, files = compare_places(self._pair[:2], name, {"main.py": source}, self._runtime)
            bytes_differ.extend(differences)
            wasm, did = files[f"{name}.wasm"], files[f"{name}.did"].decode()
            engines = Engines(self._cranelift, wasm, did, pulley=self._pulley, v8=self._v8)
            steps = session_of_a_module()
            found = [*engines.at_installation, *engines.check(steps)]
            if found:
                self._keep(steps, found, source)
            runs_differ.extend(f"{name}: {text}" for text in found)
            runs += engines.runs["cranelift"]
            engines.close()

        check()
        what = "bytes of `.wasm`, `.wasm.gz`, `.did`"
        self.report.add(f"{what}: generated", _TWO_PLACES, f"{made} programs", bytes_differ)
        self.report.add("generated programs", self._engines, f"{made} programs, {runs} runs", runs_differ)

    def _interpreter(self) -> Built:
        return build(resolve(str(INTERPRETER)), output=self._folder / "interpreter")

    def _all(self, built: Built, again: Any) -> Engines:
        wasm, did = built.wasm.read_bytes(), built.did.read_text("utf-8")
        return Engines(self._cranelift, wasm, did, pulley=self._pulley, v8=self._v8, again=again)

    def _keep(self, steps: list[Step], differences: list[str], source: str = "") -> None:
        self._findings.mkdir(parents=True, exist_ok=True)
        path = self._findings / f"{len([*self._findings.iterdir()])}.json"
        content = {"steps": [step.json() for step in steps], "differences": differences, "program": source}
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        self.report.say(f"a difference: {path}")


_TWO_PLACES = "two users, folders, clocks, umasks, locales, hash secrets, entropies, caches"


def _is_of(name: str, engine: str) -> bool:
    return name == ("Cranelift in another process" if engine == "Cranelift again" else engine)


_Test = TypeVar("_Test", bound=Callable[..., Any])


def _drawing(count: int, number: int) -> Callable[[_Test], _Test]:
    """Hypothesis draws ``count`` examples from the seed ``number``; a difference does not end the run."""
    chosen = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return lambda function: seed(number)(chosen(function))
