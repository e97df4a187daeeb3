"""Where every error ends: a message with cause and remedy, an exit code, never a traceback of ours."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from basilisk.errors import BasiliskError

__all__ = ["UNEXPECTED", "guarded", "show"]

UNEXPECTED = 70
"""Exit code for a fault of Basilisk itself (``EX_SOFTWARE`` of sysexits.h)."""

_USAGE = 64
_INTERRUPTED = 130


def guarded(action: Callable[[], Any]) -> int:
    """Run ``action`` and return the process's exit code; errors are shown on stderr."""
    try:
        result = action()
    except BasiliskError as error:
        show(error)
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return _USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def show(error: BasiliskError) -> None:
    """Print an error: where and what, cause, remedy, and longer text last."""
    head = f"{error.where}: {error.what}" if error.where is not None else error.what
    click.echo(click.style("error: ", fg="red", bold=True) + head, err=True)
    for label, text in (("cause", error.cause), ("remedy", error.remedy)):
        if text:
            click.echo(click.style(f"  {label}: ", bold=True) + text, err=True)
    if error.details:
        click.echo(error.details, err=True)
    if _debugging():
        traceback.print_exception(error)


def _unexpected(error: Exception) -> int:
    """Save the traceback to a file and say so in one line; with BASILISK_DEBUG=1 show it as well."""
    report = "".join(traceback.format_exception(error))
    path = _save(report)
    place = f"the report is in {path}" if path is not None else "set BASILISK_DEBUG=1 to see where"
    head = click.style("error: ", fg="red", bold=True)
    click.echo(
        f"{head}something unexpected went wrong inside Basilisk ({type(error).__name__}); {place}", err=True
    )
    if _debugging():
        click.echo(report, err=True, nl=False)
    return UNEXPECTED


def _save(report: str) -> Path | None:
    import platform
    import tempfile

    from basilisk.cli.versions import version
    from basilisk.runtime.cache import cache_folder

    head = f"basilisk {version()}, Python {sys.version.split()[0]}, {platform.platform()}\n"
    for folder in (cache_folder() / "reports", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="basilisk-report-", suffix=".txt", dir=folder)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(f"{head}arguments: {sys.argv[1:]}\n\n{report}")
        except OSError:
            continue
        return Path(name)
    return None


def _debugging() -> bool:
    return os.environ.get("BASILISK_DEBUG", "") not in ("", "0")
