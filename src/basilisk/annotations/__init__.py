"""From Python annotations to types: the one place that says which annotation means which Candid type.

Every annotation that has no Candid type is a :class:`~basilisk.faults.ProgramFault` that names the function
or class, the parameter or field, and the way out.  Nothing is guessed.

A result of ``None``, ``void`` or without annotation means no result, ``()``; ``null`` means the one result
``(null)``.  Everywhere else ``None`` and ``null`` are the same.
"""

from __future__ import annotations

from basilisk.annotations.resolver import Resolver, Result

__all__ = ["Resolver", "Result"]
