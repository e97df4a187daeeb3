"""Errors of the execution environment: codes and texts.

Codes: interface specification ("Reject codes", "Error codes") and the replica's error types.  Texts: the
replica's wording, so that a message seen here is the message seen on the network.
"""

from __future__ import annotations

import enum

from basilisk.engine.traps import TrapKind
from basilisk.errors import CallRejected

__all__ = ["ErrorCode", "ExecutionError", "RejectCode", "Rejection"]

_DOCS = "https://internetcomputer.org/docs/current/references/execution-errors#"
_TOOLCHAIN_HELP = (
    "If you are running this canister in a test environment (e.g., dfx), make sure the test environment is "
    "up to date. Otherwise, this is likely an error with the compiler/CDK toolchain being used to build the "
    "canister. Please report the error to IC devs on the forum: https://forum.dfinity.org and include which "
    "language/CDK was used to create the canister."
)


class RejectCode(enum.IntEnum):
    """Reject codes of the interface specification."""

    SYS_FATAL = 1
    SYS_TRANSIENT = 2
    DESTINATION_INVALID = 3
    CANISTER_REJECT = 4
    CANISTER_ERROR = 5
    SYS_UNKNOWN = 6


class ErrorCode(enum.IntEnum):
    """Error codes of the replica; the hundreds are the reject code."""

    SUBNET_OVERSUBSCRIBED = 101
    MAX_NUMBER_OF_CANISTERS_REACHED = 102
    CANISTER_QUEUE_FULL = 201
    INGRESS_MESSAGE_TIMEOUT = 202
    CANISTER_QUEUE_NOT_EMPTY = 203
    INGRESS_HISTORY_FULL = 204
    CANISTER_ID_ALREADY_EXISTS = 205
    STOP_CANISTER_REQUEST_TIMEOUT = 206
    CANISTER_OUT_OF_CYCLES = 207
    CERTIFIED_STATE_UNAVAILABLE = 208
    CANISTER_INSTALL_CODE_RATE_LIMITED = 209
    CANISTER_HEAP_DELTA_RATE_LIMITED = 210
    CANISTER_NOT_FOUND = 301
    CANISTER_SNAPSHOT_NOT_FOUND = 305
    INSUFFICIENT_MEMORY_ALLOCATION = 402
    INSUFFICIENT_CYCLES_FOR_CREATE_CANISTER = 403
    SUBNET_NOT_FOUND = 404
    CANISTER_NOT_HOSTED_BY_SUBNET = 405
    CANISTER_REJECTED_MESSAGE = 406
    UNKNOWN_MANAGEMENT_MESSAGE = 407
    INVALID_MANAGEMENT_PAYLOAD = 408
    CANISTER_SNAPSHOT_IMMUTABLE = 409
    CANISTER_TRAPPED = 502
    CANISTER_CALLED_TRAP = 503
    CANISTER_CONTRACT_VIOLATION = 504
    CANISTER_INVALID_WASM = 505
    CANISTER_DID_NOT_REPLY = 506
    CANISTER_OUT_OF_MEMORY = 507
    CANISTER_STOPPED = 508
    CANISTER_STOPPING = 509
    CANISTER_NOT_STOPPED = 510
    CANISTER_STOPPING_CANCELLED = 511
    CANISTER_INVALID_CONTROLLER = 512
    CANISTER_FUNCTION_NOT_FOUND = 513
    CANISTER_NON_EMPTY = 514
    QUERY_CALL_GRAPH_LOOP_DETECTED = 517
    INSUFFICIENT_CYCLES_IN_CALL = 520
    CANISTER_WASM_ENGINE_ERROR = 521
    CANISTER_INSTRUCTION_LIMIT_EXCEEDED = 522
    CANISTER_MEMORY_ACCESS_LIMIT_EXCEEDED = 524
    QUERY_CALL_GRAPH_TOO_DEEP = 525
    QUERY_CALL_GRAPH_TOTAL_INSTRUCTION_LIMIT_EXCEEDED = 526
    COMPOSITE_QUERY_CALLED_IN_REPLICATED_MODE = 527
    QUERY_TIME_LIMIT_EXCEEDED = 528
    QUERY_CALL_GRAPH_INTERNAL = 529
    INSUFFICIENT_CYCLES_IN_COMPUTE_ALLOCATION = 530
    INSUFFICIENT_CYCLES_IN_MEMORY_ALLOCATION = 531
    INSUFFICIENT_CYCLES_IN_MEMORY_GROW = 532
    RESERVED_CYCLES_LIMIT_EXCEEDED_IN_MEMORY_ALLOCATION = 533
    RESERVED_CYCLES_LIMIT_EXCEEDED_IN_MEMORY_GROW = 534
    INSUFFICIENT_CYCLES_IN_MESSAGE_MEMORY_GROW = 535
    CANISTER_METHOD_NOT_FOUND = 536
    CANISTER_WASM_MODULE_NOT_FOUND = 537
    CANISTER_ALREADY_INSTALLED = 538
    CANISTER_WASM_MEMORY_LIMIT_EXCEEDED = 539
    RESERVED_CYCLES_LIMIT_IS_TOO_LOW = 540
    DEADLINE_EXPIRED = 601
    RESPONSE_DROPPED = 602

    @property
    def text(self) -> str:
        """The form used on the wire, for instance ``IC0503``."""
        return f"IC{self.value:04d}"

    @property
    def reject_code(self) -> RejectCode:
        """The reject code this error is reported with."""
        return RejectCode(self.value // 100)


class Rejection(Exception):
    """A call that ends in a reject, with the text the caller sees."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def public(self) -> CallRejected:
        """The exception for users of the replica."""
        return CallRejected(int(self.code.reject_code), self.message, self.code.text)


class ExecutionError(Exception):
    """Code of a canister failed.  ``text`` and ``help`` are the two parts of the message."""

    def __init__(self, code: ErrorCode, text: str, help_: str = "", log: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.help = help_
        self.log = log

    def rejection(self, canister: str) -> Rejection:
        """The reject that the caller of ``canister`` (text of its id) receives."""
        message = f"Error from Canister {canister}: {self.text}"
        return Rejection(self.code, f"{message}.\n{self.help}" if self.help else message)


_HANDLE_FAILURES = (
    "Consider gracefully handling failures from this canister or altering the canister to handle exceptions."
)


def _see(suggestion: str, anchor: str) -> str:
    return f"{suggestion} See documentation: {_DOCS}{anchor}"


_TRAP_TEXTS = {
    TrapKind.STACK_OVERFLOW: "stack overflow",
    TrapKind.MEMORY_OUT_OF_BOUNDS: "heap out of bounds",
    TrapKind.HEAP_MISALIGNED: "heap out of bounds",
    TrapKind.TABLE_OUT_OF_BOUNDS: "table out of bounds",
    TrapKind.INTEGER_DIVISION_BY_ZERO: "integer division by 0",
    TrapKind.UNREACHABLE: "unreachable",
}

HEAP_OUT_OF_BOUNDS = "heap out of bounds"
STABLE_OUT_OF_BOUNDS = "stable memory out of bounds"
STABLE_TOO_BIG = "32 bit stable memory api used on a memory larger than 4GB"
CYCLES_TOO_BIG = "cycles amount exceeds 64-bit representation"


def trapped(text: str) -> ExecutionError:
    """A wasm trap, or a condition that is reported as one."""
    return ExecutionError(
        ErrorCode.CANISTER_TRAPPED,
        f"Canister trapped: {text}",
        _see(_HANDLE_FAILURES, "trapped"),
        f"[TRAP]: {text}",
    )


def wasm_trap(kind: TrapKind, instruction_limit: int) -> ExecutionError:
    """The error for a trap of the engine."""
    if kind is TrapKind.OUT_OF_INSTRUCTIONS:
        return instruction_limit_exceeded(instruction_limit)
    if kind is TrapKind.BAD_SIGNATURE:
        return toolchain_violation("function invocation does not match its signature")
    return trapped(_TRAP_TEXTS.get(kind, "unknown"))


def called_trap(message: str) -> ExecutionError:
    """The canister called ``ic0.trap``."""
    return ExecutionError(
        ErrorCode.CANISTER_CALLED_TRAP,
        f"Canister called `ic0.trap` with message: '{message}'",
        _see(_HANDLE_FAILURES, "trapped-explicitly"),
        f"[TRAP]: {message or '(no message)'}",
    )


def toolchain_violation(text: str) -> ExecutionError:
    """A system call was used wrongly, most likely by the code that wraps it."""
    return ExecutionError(
        ErrorCode.CANISTER_CONTRACT_VIOLATION, f"Canister violated contract: {text}", _TOOLCHAIN_HELP
    )


def user_violation(text: str, suggestion: str = "", anchor: str = "") -> ExecutionError:
    """A system call was used wrongly by the program."""
    help_ = _see(suggestion, anchor) if suggestion else ""
    return ExecutionError(ErrorCode.CANISTER_CONTRACT_VIOLATION, f"Canister violated contract: {text}", help_)


def wrong_mode(function: str, mode: str) -> ExecutionError:
    """A system call that the current kind of message may not make."""
    return user_violation(
        f'"{function}" cannot be executed in {mode} mode',
        "Check the ICP documentation to make sure APIs are being called in the correct message types.",
        "calling-a-system-api-from-the-wrong-mode",
    )


def instruction_limit_exceeded(limit: int) -> ExecutionError:
    """A message executed more instructions than it may."""
    return ExecutionError(
        ErrorCode.CANISTER_INSTRUCTION_LIMIT_EXCEEDED,
        f"Canister exceeded the limit of {limit} instructions for single message execution.",
        _see(
            "Try optimizing this method to consume fewer instructions or split the work across multiple "
            "messages.",
            "instruction-limit-exceeded",
        ),
    )


def method_not_found(kind: str, name: str) -> ExecutionError:
    """``kind`` is update, query or composite_query."""
    return ExecutionError(
        ErrorCode.CANISTER_METHOD_NOT_FOUND,
        f"Canister has no {kind} method '{name}'.",
        _see("Check that the method being called is exported by the target canister.", "method-not-found"),
    )


def function_not_found(index: int) -> ExecutionError:
    """A callback names a table slot that holds nothing."""
    return ExecutionError(
        ErrorCode.CANISTER_FUNCTION_NOT_FOUND,
        f"Canister requested to invoke a non-existent Wasm function {index} from table 0",
        _TOOLCHAIN_HELP,
    )


def not_controller(canister: str, controllers: str, sender: str) -> Rejection:
    """``sender`` may not do that to a canister; ``controllers`` are those who may, with spaces between."""
    return Rejection(
        ErrorCode.CANISTER_INVALID_CONTROLLER,
        f"Only the controllers of the canister {canister} can control it.\n"
        f"Canister's controllers: {controllers}\nSender's ID: {sender}\n"
        + _see(
            "Execute this call from a controller of the target canister or add the current caller as a "
            "controller.",
            "invalid-controller",
        ),
    )


def not_empty(canister: str) -> Rejection:
    """Code was to be installed where there is some."""
    return Rejection(
        ErrorCode.CANISTER_NON_EMPTY,
        f"Canister {canister} cannot be installed because the canister is not empty. "
        "Try installing with mode='reinstall' instead.\n"
        + _see(
            "Check that you want to overwrite the canister and, if so, use mode='reinstall'.",
            "canister-not-empty",
        ),
    )


def no_module() -> ExecutionError:
    """A message for a canister without code."""
    return ExecutionError(
        ErrorCode.CANISTER_WASM_MODULE_NOT_FOUND,
        "Attempted to execute a message, but the canister contains no Wasm module.",
        _see("Please install code to this canister before calling it.", "wasm-module-not-found"),
    )


def invalid_module(reason: str) -> ExecutionError:
    """The module breaks a rule."""
    return ExecutionError(
        ErrorCode.CANISTER_INVALID_WASM, f"Canister's Wasm module is not valid: {reason}", _TOOLCHAIN_HELP
    )


def invalid_principal() -> ExecutionError:
    """Bytes that are no principal were passed to a system call."""
    return ExecutionError(
        ErrorCode.CANISTER_CONTRACT_VIOLATION, "Canister provided invalid principal id", _TOOLCHAIN_HELP
    )


def message_rejected() -> ExecutionError:
    """``canister_inspect_message`` did not accept the message."""
    return ExecutionError(ErrorCode.CANISTER_REJECTED_MESSAGE, "Canister rejected the message")


def out_of_memory() -> ExecutionError:
    """The memory of the canister or of the subnet is used up."""
    return ExecutionError(
        ErrorCode.CANISTER_OUT_OF_MEMORY,
        "Canister cannot grow its memory usage.",
        _see(
            "Check the canister's memory usage against its allocation and the system wide limits to "
            "determine why more memory cannot be allocated.",
            "out-of-memory",
        ),
    )


def wasm_memory_limit_exceeded(used: int, limit: int) -> ExecutionError:
    """The setting ``wasm_memory_limit`` (bytes) was exceeded."""
    return ExecutionError(
        ErrorCode.CANISTER_WASM_MEMORY_LIMIT_EXCEEDED,
        f"Canister exceeded its current Wasm memory limit of {limit} bytes. "
        f"The peak Wasm memory usage was {used} bytes. "
        "If the canister reaches 4GiB, then it may stop functioning and may become unrecoverable. "
        "Please reach out to the canister owner to investigate the reason for the increased memory usage. "
        "It might be necessary to move data from the Wasm memory to the stable memory. "
        "If such high Wasm memory usage is expected and safe, then the developer can increase the Wasm "
        "memory limit in the canister settings.",
        _see(
            "Try checking the canister for a possible memory leak or modifying it to use more stable memory "
            "instead of Wasm memory.",
            "wasm-memory-limit-exceeded",
        ),
    )


def out_of_cycles_text(canister: str, missing: int | None) -> str:
    """``missing`` is the number of cycles to top up, if the caller may know it."""
    text = f"Canister {canister} is out of cycles"
    if missing is not None:
        text += f": please top up the canister with at least {missing:_} additional cycles"
    return text


def out_of_cycles(canister: str, missing: int | None) -> ExecutionError:
    """More cycles were attached to a call than the canister can spare."""
    return ExecutionError(ErrorCode.CANISTER_CONTRACT_VIOLATION, out_of_cycles_text(canister, missing))


def insufficient_cycles_in_memory_grow(bytes_: int, missing: int | None) -> ExecutionError:
    """The canister would be frozen if its memory grew by ``bytes_``; ``missing`` as above."""
    more = f" At least {missing:_} additional cycles are required." if missing is not None else ""
    return ExecutionError(
        ErrorCode.INSUFFICIENT_CYCLES_IN_MEMORY_GROW,
        f"Canister cannot grow memory by {bytes_} bytes due to insufficient cycles.{more}",
        _see("Try topping up the canister.", "insufficient-cycles-in-memory-grow"),
    )


def reserved_cycles_limit_in_memory_grow(bytes_: int, requested: int, limit: int) -> ExecutionError:
    """The subnet is so full that more cycles must be reserved than the setting allows."""
    return ExecutionError(
        ErrorCode.RESERVED_CYCLES_LIMIT_EXCEEDED_IN_MEMORY_GROW,
        f"Canister cannot grow memory by {bytes_} bytes due to its reserved cycles limit. "
        f"The current limit ({limit:_}) would be exceeded by {requested - limit:_}.",
        _see(
            "Try increasing the canister's reserved cycles limit.",
            "reserved-cycles-limit-exceeded-in-memory-grow",
        ),
    )


def stable_access_limit_exceeded(verb: str, message: int, install: int, query: int) -> ExecutionError:
    """One execution accessed or modified (``verb``) more stable memory than it may; limits in bytes."""
    return ExecutionError(
        ErrorCode.CANISTER_MEMORY_ACCESS_LIMIT_EXCEEDED,
        f"Canister exceeded memory access limits: Exceeded the limit for the number of {verb} pages in the "
        f"stable memory in a single execution: limit {message // 1024} KB for regular messages, "
        f"{install // 1024} KB for upgrade messages and {query // 1024} KB for queries.",
        _see(
            "Try optimizing the use of stable memory so that individual messages don't need to access as "
            "much stable memory.",
            "memory-access-limit-exceeded",
        ),
    )


def frozen(canister: str) -> Rejection:
    """A query to a canister whose balance is below its freezing limit."""
    return Rejection(
        ErrorCode.CANISTER_OUT_OF_CYCLES,
        f"Canister {canister} is unable to process query calls because it's frozen. "
        "Please top up the canister with cycles and try again.",
    )


def install_out_of_cycles(reason: str) -> Rejection:
    """The canister cannot pay the installation in advance."""
    return Rejection(
        ErrorCode.CANISTER_OUT_OF_CYCLES,
        f"Canister installation failed with `{reason}`.\n"
        + _see("Top up the canister with more cycles.", "install-code-not-enough-cycles"),
    )


def engine_fault(text: str) -> ExecutionError:
    """A fault of this replica, not of the canister."""
    return ExecutionError(
        ErrorCode.CANISTER_WASM_ENGINE_ERROR, f"Canister encountered a Wasm engine error: {text}"
    )


def environment_index(index: int, length: int) -> ExecutionError:
    """No environment variable of that number."""
    return ExecutionError(
        ErrorCode.CANISTER_CONTRACT_VIOLATION,
        f"Environment variable index {index} is out of bounds. "
        f"The number of environment variables is {length}.",
    )


def environment_name(name: str) -> ExecutionError:
    """No environment variable of that name."""
    return ExecutionError(ErrorCode.CANISTER_CONTRACT_VIOLATION, f"Environment variable {name} not found.")


def with_cleanup_failure(error: ExecutionError, cleanup: ExecutionError) -> ExecutionError:
    """A callback failed and its cleanup callback as well."""
    return ExecutionError(
        error.code, f"{error.text}\n\ncall_on_cleanup also failed:\n\n{cleanup.text}", "", error.log
    )
