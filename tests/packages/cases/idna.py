import idna


def answer() -> str:
    """International domain names, there and back."""
    names = ["faß.example", "россия.рф", "日本語.jp"]
    return repr([(idna.encode(name), idna.decode(idna.encode(name))) for name in names])
