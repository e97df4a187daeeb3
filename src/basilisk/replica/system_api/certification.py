"""Certified data (specification, "Certified data")."""

from __future__ import annotations

from basilisk.replica.contexts import ic0_name
from basilisk.replica.errors import toolchain_violation, user_violation, wrong_mode
from basilisk.replica.execution import Execution
from basilisk.replica.system_api.base import function


@function
def certified_data_set(execution: Execution, source: int, size: int) -> None:
    limit = execution.environment.limits.certified_data_bytes
    if size > limit:
        raise user_violation(
            "ic0_certified_data_set failed because the passed data must be no larger than "
            f"{limit} bytes. Found {size} bytes.",
            "Try certifying just the hash of your data instead of the full contents.",
            "certified_data_set-payload-too-large",
        )
    memory = execution.memory
    if source + size > memory.size:
        raise toolchain_violation(
            "ic0_certified_data_set failed because src + size is out of bounds. "
            f"Found src = {source} and size = {size} while src + size must be <= {memory.size}"
        )
    execution.certified_data = memory.read(source, size)


@function
def data_certificate_present(execution: Execution) -> int:
    return int(execution.certificate is not None)


@function
def data_certificate_size(execution: Execution) -> int:
    return len(_certificate(execution, "data_certificate_size"))


@function
def data_certificate_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    certificate = _certificate(execution, "data_certificate_copy")
    memory = execution.memory
    if offset + size > len(certificate):
        raise toolchain_violation(
            "ic0_data_certificate_copy failed because offset + size is out of bounds. "
            f"Found offset = {offset} and size = {size} while offset + size must be <= {len(certificate)}"
        )
    if target + size > memory.size:
        raise toolchain_violation(
            "ic0_data_certificate_copy failed because dst + size is out of bounds. "
            f"Found dst = {target} and size = {size} while dst + size must be <= {memory.size}"
        )
    memory.write(target, certificate[offset : offset + size])


def _certificate(execution: Execution, name: str) -> bytes:
    if execution.certificate is None:
        raise wrong_mode(ic0_name(name), execution.context.mode)
    return execution.certificate()
