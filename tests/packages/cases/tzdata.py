from datetime import datetime
from zoneinfo import ZoneInfo


def answer() -> str:
    """The standard library's zoneinfo finds its data in this package."""
    zones = [ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kolkata", "UTC")]
    return repr([datetime(2026, 7, 1, tzinfo=zone).isoformat() for zone in zones])
