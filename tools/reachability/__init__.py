"""Which functions and static data of the runtime belong to which C modules of the library alone.

The linker knows it (``--emit-relocs``): every mention of a function or datum in code and data is a
relocation.  From these follows what is reachable without the table of built-in modules, and what each of its
entries adds.
``--stdlib=used`` leaves out the code and the data of the modules that a program cannot import.
"""

from __future__ import annotations

from tools.reachability.document import document
from tools.reachability.names import numbered, without_names

__all__ = ["document", "numbered", "without_names"]
