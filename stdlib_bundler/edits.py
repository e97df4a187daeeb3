"""Small changes to modules of the library that do not fit a canister in one place.

Most of them import a refused module, or a large one, only for a part of their work: ``logging.config``
needs sockets for ``listen`` alone.  There the edit moves the import to the place of use, where a refused one
raises the text of the refusal.  An edit replaces an exact text that occurs once, and keeps the
number of lines, so that line numbers stay those of CPython's source.  When the text is not found, the build
fails.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EDITS", "Edit", "EditFault", "apply"]


class EditFault(Exception):
    """An edit does not fit the source it was written for."""


@dataclass(frozen=True)
class Edit:
    """Replace ``old`` by ``new`` in the module ``file`` (a path relative to ``Lib``)."""

    file: str
    old: str
    new: str


def _lazy(name: str) -> str:
    return f'type("{name}", (), {{"__getattr__": lambda self, name: getattr(__import__("{name}"), name)}})()'


EDITS: tuple[Edit, ...] = (
    # Only listen() opens sockets; dictConfig() and fileConfig() do not.
    Edit("logging/config.py", "from socketserver import ThreadingTCPServer, StreamRequestHandler\n", "\n"),
    Edit(
        "logging/config.py",
        "class ConfigStreamHandler(StreamRequestHandler):",
        'class ConfigStreamHandler(__import__("socketserver").StreamRequestHandler):',
    ),
    Edit(
        "logging/config.py",
        "class ConfigSocketReceiver(ThreadingTCPServer):",
        'class ConfigSocketReceiver(__import__("socketserver").ThreadingTCPServer):',
    ),
    Edit(
        "logging/config.py",
        "ThreadingTCPServer.__init__(self, (host, port), handler)",
        "super().__init__((host, port), handler)",
    ),
    # Only SocketHandler, DatagramHandler and SysLogHandler open sockets.
    Edit("logging/handlers.py", "\nimport socket\n", f"\nsocket = {_lazy('socket')}\n"),
    # Only the names of new messages and locks ask for the host's name.
    Edit("mailbox.py", "\nimport socket\n", f"\nsocket = {_lazy('socket')}\n"),
    # Only AsyncMock needs asyncio.
    Edit("unittest/mock.py", "\nimport asyncio\n", f"\nasyncio = {_lazy('asyncio')}\n"),
    Edit(
        "unittest/mock.py",
        "from asyncio import iscoroutinefunction\n",
        "from inspect import iscoroutinefunction\n",
    ),
    # The type of capsules is that of any capsule; typing_extensions asks for it.
    Edit(
        "types.py",
        "        import _socket\n        return type(_socket.CAPI)\n",
        "        import _datetime\n        return type(_datetime.datetime_CAPI)\n",
    ),
    # Names of temporary files have to be new, which opening them makes sure of.  Nobody else is in the file
    # system of a canister, so they may be predictable.
    Edit("tempfile.py", "            self._rng = _Random()\n", "            self._rng = _Random(0)\n"),
    # Only texts of numbers with more digits than int() allows unasked need decimal.
    Edit(
        "_pylong.py",
        "import re\nimport decimal\ntry:\n    import _decimal\nexcept ImportError:\n    _decimal = None\n",
        "\n\n\n\n\n\n",
    ),
    Edit(
        "_pylong.py",
        "_unbounded_dec_context = decimal.getcontext().copy()\n"
        "_unbounded_dec_context.prec = decimal.MAX_PREC\n"
        "_unbounded_dec_context.Emax = decimal.MAX_EMAX\n"
        "_unbounded_dec_context.Emin = decimal.MIN_EMIN\n"
        "_unbounded_dec_context.traps[decimal.Inexact] = 1 # sanity check\n",
        "def _unbounded_dec_context(decimal):\n"
        "    context = decimal.getcontext().copy()\n"
        "    context.prec, context.Emax = decimal.MAX_PREC, decimal.MAX_EMAX\n"
        "    context.Emin, context.traps[decimal.Inexact] = decimal.MIN_EMIN, 1 # sanity check\n"
        "    return context\n",
    ),
    Edit("_pylong.py", "    from decimal import Decimal as D\n", "    import decimal; D = decimal.Decimal\n"),
    Edit(
        "_pylong.py",
        "    with decimal.localcontext(_unbounded_dec_context):\n",
        "    with decimal.localcontext(_unbounded_dec_context(decimal)):\n",
    ),
    Edit(
        "_pylong.py",
        "if w > 450_000 and _decimal is not None:",
        "if w > 450_000 and __import__('_decimal'):",
    ),
    Edit("_pylong.py", "m = re.match(", "m = __import__('re').match("),
    # A codec that --stdlib=used left out is an unknown encoding with a reason.
    Edit(
        "encodings/__init__.py",
        "        except ImportError:\n"
        "            # ImportError may occur because 'encodings.(modname)' does not exist,\n"
        "            # or because it imports a name that does not exist (see mbcs and oem)\n"
        "            pass\n",
        "        except ImportError as error:\n"
        "            if '--stdlib=used' in str(error):\n"
        "                raise LookupError(f'unknown encoding: {encoding}: {error}') from None\n"
        "            pass\n",
    ),
    # Only a document that is named by its address is fetched.
    Edit(
        "xml/sax/saxutils.py",
        "import os, urllib.parse, urllib.request\n",
        "import os, urllib.parse\n",
    ),
    Edit(
        "xml/sax/saxutils.py",
        "f = urllib.request.urlopen(source.getSystemId())",
        'f = __import__("urllib.request").request.urlopen(source.getSystemId())',
    ),
)


def apply(file: str, text: bytes) -> bytes:
    """The source of ``file`` with its edits.  Raises ``EditFault`` when one does not fit exactly once."""
    for edit in EDITS:
        if edit.file != file:
            continue
        old, new = edit.old.encode(), edit.new.encode()
        found = text.count(old)
        if found != 1:
            raise EditFault(f"{file}: the text to edit occurs {found} times: {edit.old.strip()!r}")
        text = text.replace(old, new)
    return text
