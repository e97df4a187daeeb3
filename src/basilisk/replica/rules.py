"""The network's rules for modules, as far as they can be checked here."""

from __future__ import annotations

from basilisk.errors import ArtefactError, ModuleRefused

__all__ = ["network_rules"]


def network_rules(wasm: bytes) -> None:
    """Raise ModuleRefused with what the network would say first.

    Without the runtime artefact there is no validator; then wasmtime's own validation and the checks of
    imports and exports have to do.
    """
    from basilisk.toolbox import validate

    try:
        report = validate(wasm)
    except ArtefactError:
        return
    if not report.ok:
        raise ModuleRefused("; ".join(finding.message for finding in report.violations))
