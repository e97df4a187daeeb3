"""``python -m basilisk``."""

from __future__ import annotations

from basilisk.cli import main

if __name__ == "__main__":
    main()
