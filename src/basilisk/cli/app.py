"""The command group: commands loaded when they are used, one place where every error ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from basilisk.cli import faults

__all__ = ["App", "app"]

_COMMANDS = {
    "new": "make a project",
    "build": "build a canister",
    "run": "install a canister in a local replica and call it",
    "did": "print a canister's interface",
    "bindings": "write typed Python for another canister's interface",
    "check": "check a program, also against an earlier interface",
    "migrate": "rewrite a Kybra program to today's names",
    "inspect": "show what is in a wasm file",
    "doctor": "say what is found, what is missing, what to do",
}
"""Commands and their one-line help; the command ``x`` is ``command`` in ``basilisk.cli.x_command``."""

_EPILOG = """\b
Examples:
  basilisk new hello                           make a project in ./hello
  basilisk build                               build the project in this folder
  basilisk run main.py greet '("World")'       build, install locally, call greet
  basilisk inspect .basilisk/hello/hello.wasm  imports, exports, sizes, limits
"""


class App(click.Group):
    """The group.  It also understands ``NAME ENTRY [DID]``, as build commands in dfx.json say it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS and cmd_name != "build-entry":
            return None
        module = import_module(f"basilisk.cli.{cmd_name.replace('-', '_')}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if _is_build_entry(args):
            args = ["build-entry", *args]
        return super().parse_args(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run; ends with :class:`SystemExit` like every click command, unless ``standalone_mode=False``."""

        def run() -> Any:
            return super(App, self).main(args, prog_name, complete_var, standalone_mode=False, **extra)

        if not standalone_mode:
            return run()
        sys.exit(faults.guarded(run))


def _is_build_entry(args: Sequence[str]) -> bool:
    """``NAME ENTRY.py [DID]``, or a lone NAME that a configuration file in this folder declares."""
    words = [item for item in args if not item.startswith("-")]
    if not words or words[0] in _COMMANDS or args[0].startswith("-"):
        return False
    if len(words) in (2, 3):
        return words[1].endswith(".py")
    if len(words) != 1 or not any(map(os.path.isfile, ("pyproject.toml", "dfx.json", "icp.yaml"))):
        return False
    from pathlib import Path

    from basilisk.build.configs import canister_declarations

    return any(item.name == words[0] for item in canister_declarations(Path.cwd()))


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from basilisk.cli.versions import version

        click.echo(f"basilisk {version()}")
        ctx.exit()


@click.group(cls=App, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
)
def app() -> None:
    """Python for the Internet Computer: canisters on CPython 3.13."""
