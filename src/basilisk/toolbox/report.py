"""What the validator says of a module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from basilisk.errors import ModuleRefused
from basilisk.toolbox.limits import MAINNET, Limits

__all__ = ["Finding", "FunctionSize", "Report", "Share", "read_report"]


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a rule.

    ``rule`` is the stable name of the rule; ``message`` says what was found, with the figure and the limit;
    ``function`` and ``name`` tell which function, if it is about one; ``offset`` is a position in the module.
    """

    rule: str
    message: str
    function: int | None = None
    name: str | None = None
    offset: int | None = None
    value: int | None = None
    limit: int | None = None

    def __str__(self) -> str:
        return f"{self.message} ({self.rule})"


@dataclass(frozen=True)
class FunctionSize:
    """Size of a function: its instructions and the sum of their weights."""

    index: int
    name: str | None
    ops: int
    complexity: int

    def __str__(self) -> str:
        return f"{self.name} (function {self.index})" if self.name else f"function {self.index}"


@dataclass(frozen=True)
class Share:
    """How much of a limit a module uses up."""

    label: str
    value: int
    limit: int

    @property
    def fraction(self) -> float:
        """1.0 is the limit itself."""
        return self.value / self.limit


@dataclass(frozen=True)
class Report:
    """The result of validation.

    ``violations`` make the Internet Computer refuse the module, ``warnings`` may do so soon, ``snapshot`` are
    reasons why no snapshot of it can be taken (which matters for a runtime, not for a canister).
    ``measures`` are sizes and counts by name.
    """

    violations: list[Finding]
    warnings: list[Finding] = field(default_factory=list)
    snapshot: list[Finding] = field(default_factory=list)
    measures: dict[str, int] = field(default_factory=dict)
    ops: int = 0  #: instructions of all functions
    by_ops: list[FunctionSize] = field(default_factory=list)  #: the largest, largest first
    by_complexity: list[FunctionSize] = field(default_factory=list)  #: the most complex, first
    limits: Limits = MAINNET

    @property
    def ok(self) -> bool:
        """Whether the Internet Computer accepts the module."""
        return not self.violations

    def shares(self) -> list[Share]:
        """How much of each limit the module uses up, in the order of the limits."""
        figures = dict(self.measures)
        if self.by_ops:
            figures["function_ops"] = self.by_ops[0].ops
        if self.by_complexity:
            figures["function_complexity"] = self.by_complexity[0].complexity
        return [
            Share(label, figures[measure], getattr(self.limits, limit))
            for label, measure, limit in _SHARES
            if measure in figures
        ]

    def require(self) -> Report:
        """Return the report itself, or raise ModuleRefused with all violations."""
        _raise("breaks the rules of the Internet Computer", self.violations)
        return self

    def require_snapshot(self) -> Report:
        """Return the report itself, or raise ModuleRefused if no snapshot of the module can be taken."""
        _raise("cannot be turned into a snapshot", self.snapshot)
        return self


#: Label, measure, limit.
_SHARES = (
    ("module size, bytes", "module_size", "module_size"),
    ("code section, bytes", "code_size", "code_size"),
    ("functions", "functions", "functions"),
    ("globals", "globals", "globals"),
    ("largest function, instructions", "function_ops", "function_ops"),
    ("largest function, complexity", "function_complexity", "function_complexity"),
    ("exported methods", "methods", "methods"),
    ("names of methods, bytes", "method_names", "method_names"),
    ("icp: custom sections", "icp_sections", "icp_sections"),
    ("icp: custom sections, bytes", "icp_size", "icp_size"),
    ("table elements", "table_elements", "table_elements"),
)


def _raise(what: str, findings: list[Finding]) -> None:
    if not findings:
        return
    count = len(findings)
    raise ModuleRefused(
        f"the module {what}: {findings[0]}" if count == 1 else f"the module {what} in {count} places",
        remedy="`basilisk inspect FILE.wasm` shows sizes and limits",
        details="" if count == 1 else "\n".join(f"- {finding}" for finding in findings),
    )


def read_report(answer: Mapping[str, Any], names: Mapping[int, str], limits: Limits) -> Report:
    """A report from the toolbox's answer; ``names`` are function names."""
    functions = answer.get("functions", {})

    def sizes(key: str) -> list[FunctionSize]:
        return [
            FunctionSize(index, names.get(index), ops, complexity)
            for index, ops, complexity in functions.get(key, ())
        ]

    def findings(key: str) -> list[Finding]:
        return [_finding(item, names) for item in answer[key]]

    return Report(
        violations=findings("violations"),
        warnings=findings("warnings"),
        snapshot=findings("snapshot"),
        measures=dict(answer["measures"]),
        ops=functions.get("ops", 0),
        by_ops=sizes("by_ops"),
        by_complexity=sizes("by_complexity"),
        limits=limits,
    )


def _finding(item: Mapping[str, Any], names: Mapping[int, str]) -> Finding:
    index, message = item.get("function"), item["message"]
    name = names.get(index) if index is not None else None
    if name is not None:
        message = message.replace(f"function {index} ", f"function {index} ({name}) ", 1)
    return Finding(
        item["rule"], message, index, name, item.get("offset"), item.get("value"), item.get("limit")
    )
