"""``basilisk run``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from basilisk.build.pipeline import Built
    from basilisk.build.project import Project
    from basilisk.cli.deployed import Deployed
    from basilisk.cli.prompt import Prompt

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk run main.py greet '("World")'       one call; arguments in Candid's text form
  basilisk run main.py greet World             the same: one word for each argument
  basilisk run main.py increment increment get several calls, one after the other
  basilisk run . --as alice deposit 5          called by the identity alice
  basilisk run . --script session.txt          a scripted session; every reply is checked
  basilisk run . --stats get                   also show instructions
  basilisk run .                               a prompt for calls
"""


@click.command(
    "run",
    epilog=_EPILOG,
    short_help="install a canister in a local replica and call it",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
)
@click.argument("target", metavar="PATH|NAME")
@click.argument("words", nargs=-1, metavar="[METHOD [ARGUMENTS]]...", type=click.UNPROCESSED)
@click.option("--script", type=click.Path(path_type=Path), help="Run a scripted session from a file.")
@click.option("--as", "sender", default="anonymous", metavar="NAME", help="Identity that calls come from.")
@click.option("--init", "init", default="()", metavar="ARGS", help="Arguments of @init as Candid text.")
@click.option("--stats", is_flag=True, help="Show the instructions that each call took.")
def command(
    target: str, words: tuple[str, ...], script: Path | None, sender: str, init: str, stats: bool
) -> None:
    """Build a canister if need be, install it in a local replica, and call its methods.

    Replies go to stdout in Candid's text form; what the canister prints goes to stderr.  The replica and its
    state live as long as the command.
    """
    from basilisk.build.project import check_backend, resolve
    from basilisk.cli.building import build_quietly

    check_backend()
    project = resolve(target)
    runner = _Runner(project, build_quietly(project), sender, stats)
    if script is not None:
        runner.script(script)
        return
    runner.change("install", init, sender)
    if words:
        runner.words(words)
    elif sys.stdin.isatty():
        runner.prompt()
    else:
        runner.lines(sys.stdin.read().splitlines())


class _Runner:
    """One canister, one way to call it, results on stdout."""

    def __init__(self, project: Project, built: Built, sender: str, stats: bool) -> None:
        from basilisk.cli.deployed import Deployed

        self.project = project
        self.sender = sender
        self.stats = stats
        self.canister: Deployed = Deployed(built.wasm.read_bytes(), built.did.read_text("utf-8"), _printed)

    def change(self, mode: str, arguments: str, sender: str) -> None:
        """Install or upgrade; a missing argument is explained."""
        from basilisk.candid import parse_values
        from basilisk.errors import BasiliskError
        from basilisk.testing.session import identity

        canister = self.canister
        try:
            values = parse_values(
                canister.fill(arguments), canister.init_arguments, canister.environment, source="--init"
            )
        except BasiliskError as error:
            if error.remedy is None and canister.init_arguments:
                error.remedy = "give the arguments of @init: --init '(…)'"
            raise
        canister.change_code(mode, values, identity(sender))
        self._show_stats(mode)

    def words(self, words: tuple[str, ...]) -> None:
        """Calls that were given on the command line; the first that fails ends them."""
        from basilisk.cli.words import calls_of_words

        for name, arguments in calls_of_words(words, self.canister.known, self.canister.environment):
            self._call(name, arguments, self.sender)

    def line(self, line: str, sender: str) -> None:
        """The calls of one typed line."""
        from basilisk.cli.words import calls_of_line

        for name, arguments in calls_of_line(line, self.canister.known, self.canister.environment):
            self._call(name, arguments, sender)

    def prompt(self) -> None:
        """Calls typed by hand."""
        self._prompt().run()

    def lines(self, lines: list[str]) -> None:
        """Lines as at the prompt, from a pipe; without any, the methods are listed."""
        prompt = self._prompt()
        if not any(line.strip() for line in lines):
            prompt.line("@methods")
        for line in lines:
            prompt.line(line.strip())

    def script(self, path: Path) -> None:
        """A scripted session with expected replies."""
        from basilisk.testing.script import Call, Step, read
        from basilisk.testing.session import run

        def report(step: Step, answer: str) -> None:
            if isinstance(step, Call):
                click.echo(f"{step.method}{step.arguments}\n  {answer}")
            self._show_stats("")

        calls = run(read(path), self.canister, report)
        click.echo(f"{path}: {calls} calls answered as expected", err=True)

    def _prompt(self) -> Prompt:
        from basilisk.cli.prompt import Prompt

        made = Prompt(self.canister, self.line, self.change, self._reload)
        made.sender = self.sender
        return made

    def _reload(self) -> None:
        from basilisk.cli.building import build_quietly

        built = build_quietly(self.project)
        self.canister.load(built.wasm.read_bytes(), built.did.read_text("utf-8"))
        self.change("upgrade", "()", self.sender)

    def _call(self, name: str, arguments: str, sender: str) -> None:
        from basilisk.testing.session import identity

        click.echo(self.canister.call_text(name, arguments, identity(sender)))
        self._show_stats(name)

    def _show_stats(self, what: str) -> None:
        if self.stats:
            last = self.canister.replica.last
            label = f"{what}: " if what else "  "
            text = f"{label}{last.instructions:,} instructions, {last.dirty_heap_pages:,} pages written"
            click.echo(click.style(text, dim=True), err=True)


def _printed(line: str) -> None:
    """A line that the canister printed; the text of a trap is part of the error that follows."""
    if line.startswith("[TRAP]"):
        return
    click.echo(click.style("canister: ", dim=True) + line.rstrip("\n"), err=True)
