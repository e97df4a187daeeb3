import markupsafe


def answer() -> str:
    """Escaping by the part in Python: the one in C stays out."""
    text = markupsafe.Markup("<em>{}</em>").format("<a & 'b'>")
    return repr((str(text), markupsafe.escape(text), text.striptags(), text.unescape()))
