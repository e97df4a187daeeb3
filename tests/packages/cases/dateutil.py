from datetime import datetime

from dateutil import easter, parser, relativedelta, rrule, tz


def answer() -> str:
    """Parsing, arithmetic with months, recurrences, time zones from its own data."""
    start = datetime(2024, 1, 31, 9, 30)
    when = parser.parse("Thu Sep 25 2003 10:36:28.5 +0200")
    rule = rrule.rrulestr("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", dtstart=start)
    from dateutil.zoneinfo import get_zonefile_instance

    zone = get_zonefile_instance().get("Europe/Berlin")
    return repr(
        (
            when.isoformat(),
            start + relativedelta.relativedelta(months=+1),
            list(rule),
            easter.easter(2027),
            datetime(2026, 7, 1, tzinfo=zone).utcoffset(),
            datetime(2026, 1, 1, tzinfo=tz.gettz("UTC")).utcoffset(),
        )
    )
