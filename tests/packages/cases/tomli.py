import tomli

TEXT = 'when = 2026-01-02T03:04:05Z\n[a.b]\nc = [1, 2.5, "x"]\nd = 0xff\n'


def answer() -> str:
    """By the part in Python: what its authors compiled from that stays out."""
    data = tomli.loads(TEXT)
    try:
        tomli.loads("a = ")
    except tomli.TOMLDecodeError as error:
        message = str(error)
    return repr((data, message))
