"""Command line: ``python3.13 -m stdlib_bundler --lib Lib --output stdlib.bin``."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from stdlib_bundler import bundle, format, graph, policy, zones
from stdlib_bundler.collect import Source
from stdlib_bundler.compiler import CompileFault, interpreter_fits
from stdlib_bundler.edits import EditFault

# Part of every interpreter, but not entries of the table in config.c (Python/import.c makes them).
_WITHOUT_ENTRY = frozenset({"_frozen_importlib", "_frozen_importlib_external"})
_CONFIG_C_ENTRY = re.compile(r'^\s*\{"(\w+)",\s*\w+\},', re.MULTILINE)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stdlib_bundler", description=__doc__)
    parser.add_argument("--lib", type=Path, required=True, help="the Lib folder of CPython 3.13")
    parser.add_argument("--output", type=Path, required=True, help="where to write the blob")
    parser.add_argument(
        "--frozen",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a module of the runtime's own that is stored uncompressed (may be repeated)",
    )
    parser.add_argument("--zones", type=Path, required=True, help="the wheel of the package tzdata")
    parser.add_argument("--config-c", type=Path, required=True, help="Modules/config.c of the runtime")
    parser.add_argument("--imports", type=Path, help="where to write the graph of imports")
    return parser.parse_args()


def main() -> int:
    """Write the blob and print one line about it; the exit code is not 0 when that fails."""
    arguments = _arguments()
    if not interpreter_fits():
        print(f"stdlib_bundler: needs CPython 3.13, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    built_in = frozenset(_CONFIG_C_ENTRY.findall(arguments.config_c.read_text()))
    missing = policy.BUILT_IN - built_in - _WITHOUT_ENTRY
    unknown = {name for name in built_in if policy.fate(name, frozenset())[0] == "shipped"}
    if missing or unknown:
        print(
            f"stdlib_bundler: {arguments.config_c} and stdlib_bundler/policy.py disagree:"
            f" not linked: {sorted(missing)}; without a fate: {sorted(unknown)}",
            file=sys.stderr,
        )
        return 1
    extra = []
    for item in arguments.frozen:
        name, _, file = item.partition("=")
        # Warnings pass over the frames of the import system, which they know by these words.
        shown = f"importlib/_bootstrap/{name}.py"
        extra.append(Source(name, shown, False, Path(file).read_bytes()))
    try:
        time_zones = zones.modules(arguments.zones)
        blob = bundle.build(arguments.lib, extra, built_in, zones=time_zones)
        data = format.write(blob)
    except (CompileFault, EditFault, zones.ZonesFault, format.FormatError, OSError) as error:
        print(f"stdlib_bundler: {error}", file=sys.stderr)
        return 1
    arguments.output.write_bytes(data)
    if arguments.imports is not None:
        arguments.imports.write_bytes(graph.document(arguments.lib, built_in | _WITHOUT_ENTRY, time_zones))
    modules = blob.modules()
    raw = sum(len(module.data) for module in modules.values())
    print(
        f"{arguments.output}: {len(modules)} modules, {len(blob.refusals)} refused or left out,"
        f" {len(blob.blocks)} blocks, {raw} bytes of code in {len(data)} bytes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
