"""Argument, caller, reply and reject of the message (specification, "Call arguments", "Responding")."""

from __future__ import annotations

from basilisk.replica.errors import RejectCode, toolchain_violation, user_violation
from basilisk.replica.execution import Execution
from basilisk.replica.message import Reject, Reply
from basilisk.replica.system_api.base import copy_out, function, read


@function
def msg_arg_data_size(execution: Execution) -> int:
    return len(execution.argument)


@function
def msg_arg_data_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "msg_arg_data_copy", "payload", execution.argument, target, offset, size)


@function
def msg_caller_size(execution: Execution) -> int:
    return len(execution.caller)


@function
def msg_caller_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "msg_caller_copy", "id", execution.caller, target, offset, size)


# The caller's info belongs to signed ingress messages with sender info; this replica receives none.


@function
def msg_caller_info_data_size(execution: Execution) -> int:
    return 0


@function
def msg_caller_info_data_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "msg_caller_info_data_copy", "info", b"", target, offset, size)


@function
def msg_caller_info_signer_size(execution: Execution) -> int:
    return 0


@function
def msg_caller_info_signer_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "msg_caller_info_signer_copy", "signer", b"", target, offset, size)


@function
def msg_reject_code(execution: Execution) -> int:
    return execution.reject_code


@function
def msg_reject_msg_size(execution: Execution) -> int:
    return len(_reject_message(execution))


@function
def msg_reject_msg_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "msg_reject_msg_copy", "msg", _reject_message(execution), target, offset, size)


@function
def msg_deadline(execution: Execution) -> int:
    return execution.deadline


@function
def msg_reply_data_append(execution: Execution, source: int, size: int) -> None:
    if execution.responded:
        raise toolchain_violation("ic0.msg_reply_data_append: the call is already replied.")
    total = len(execution.reply_data) + size
    if total > execution.max_reply:
        raise user_violation(
            f"ic0.msg_reply_data_append: application payload size ({total}) cannot be larger than "
            f"{execution.max_reply}.",
            "Consider checking the response size and returning an error if it is too long.",
            "msg_reply_data_append-payload-too-large",
        )
    execution.reply_data += read(execution, "msg.reply", source, size)


@function
def msg_reply(execution: Execution) -> None:
    if execution.responded:
        raise toolchain_violation("ic0.msg_reply: the call is already replied")
    execution.result = Reply(bytes(execution.reply_data))
    execution.reply_data.clear()


@function
def msg_reject(execution: Execution, source: int, size: int) -> None:
    if execution.responded:
        raise toolchain_violation("ic0.msg_reject: the call is already replied")
    if size > execution.max_reply:
        raise user_violation(
            f"ic0.msg_reject: application payload size ({size}) cannot be larger than {execution.max_reply}.",
            "Try truncating the error messages that are too long.",
            "msg_reject-payload-too-large",
        )
    raw = read(execution, "ic0.msg_reject", source, size)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise toolchain_violation("ic0.msg_reject: invalid UTF-8 string provided") from None
    execution.result = Reject(RejectCode.CANISTER_REJECT, text)


@function
def msg_method_name_size(execution: Execution) -> int:
    return len(execution.method.encode())


@function
def msg_method_name_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    name = execution.method.encode()
    copy_out(execution, "msg_method_name_copy", "payload", name, target, offset, size)


@function
def accept_message(execution: Execution) -> None:
    if execution.accepted:
        raise toolchain_violation("ic0.accept_message: the function was already called.")
    execution.accepted = True


def _reject_message(execution: Execution) -> bytes:
    assert execution.reject is not None  # the contexts that allow it are those of a reject
    return execution.reject.message.encode()
