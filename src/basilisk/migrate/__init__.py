"""Code mod from Kybra's names and generators to today's: what ``basilisk migrate`` does.

The passes look at the syntax tree of libcst and note edits; one transformer applies them.  What is not
certain to mean the same afterwards stays, and a remark says why.
"""

from basilisk.migrate.files import Migration, migrate_path
from basilisk.migrate.program import migrate_sources, migrate_text
from basilisk.migrate.source import Remark

__all__ = ["Migration", "Remark", "migrate_path", "migrate_sources", "migrate_text"]
