import webcolors


def answer() -> str:
    """Names and numbers of colours."""
    return repr(
        (
            webcolors.name_to_hex("goldenrod"),
            webcolors.hex_to_rgb("#0099cc"),
            webcolors.rgb_to_name((255, 0, 0)),
        )
    )
