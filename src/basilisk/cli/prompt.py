"""The prompt of ``basilisk run``: calls typed by hand, state kept between them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import click

from basilisk.cli import faults
from basilisk.cli.deployed import Deployed
from basilisk.errors import BasiliskError, UsageError

__all__ = ["Prompt"]

_HELP = """\
  greet("World")        call a method; also: greet World
  @as alice             calls that follow come from this identity; ${alice} is its principal
  @reload               build again and upgrade
  @upgrade, @install    change the code, as on the Internet Computer; (…) behind it are arguments
  @methods              list the methods
  @quit                 leave (or Ctrl-D)"""


class Prompt:
    """Reads lines and carries them out.

    ``call`` carries out one line of calls for an identity, ``change`` installs or upgrades (mode, argument
    text, identity), ``reload`` builds again and upgrades.
    """

    def __init__(
        self,
        canister: Deployed,
        call: Callable[[str, str], None],
        change: Callable[[str, str, str], None],
        reload: Callable[[], None],
    ) -> None:
        self._canister = canister
        self._call = call
        self._change = change
        self._reload = reload
        self.sender = "anonymous"

    def run(self) -> None:
        """Read until the end of input or ``@quit``.  Errors are shown and do not end the prompt."""
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # gives input() history and editing
        click.echo("@help lists what can be typed here", err=True)
        while True:
            try:
                line = input(f"{self.sender}> " if self.sender != "anonymous" else "> ").strip()
            except EOFError:
                click.echo(err=True)
                return
            except KeyboardInterrupt:
                click.echo(err=True)
                continue
            try:
                if line in ("@quit", "@exit", "quit", "exit"):
                    return
                self.line(line)
            except BasiliskError as error:
                faults.show(error)
            except KeyboardInterrupt:
                click.echo("stopped", err=True)

    def line(self, line: str) -> None:
        """Carry out one line."""
        if not line or line.startswith("#"):
            return
        if not line.startswith("@"):
            self._call(line, self.sender)
            return
        word, _, rest = line[1:].partition(" ")
        rest = rest.strip()
        if word == "help":
            click.echo(_HELP, err=True)
        elif word == "methods":
            self._list()
        elif word == "as" and rest.replace("-", "_").isidentifier():
            self.sender = rest
        elif word == "reload":
            self._reload()
        elif word in ("upgrade", "install"):
            self._change(word, rest or "()", self.sender)
        else:
            raise UsageError(f"unknown command @{word}", remedy="@help lists the commands")

    def _list(self) -> None:
        from basilisk.candid import format_type

        for name in self._canister.names:
            function = self._canister.method(name)
            if function is not None:
                click.echo(f"  {name} : {format_type(function)}", err=True)
