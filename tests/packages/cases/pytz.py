from datetime import datetime

import pytz


def answer() -> str:
    """A time zone from the files that it brings."""
    zone = pytz.timezone("America/New_York")
    return repr(
        (zone.localize(datetime(2026, 7, 4, 12)).isoformat(), len(pytz.all_timezones) > 500, str(pytz.utc))
    )
