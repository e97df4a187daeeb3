import chardet


def answer() -> str:
    """Encodings are recognised."""
    samples = ["Grüße aus Köln, schöne Straße".encode(), "Привет, мир, как дела".encode("koi8-r"), b"plain"]
    return repr([chardet.detect(sample)["encoding"] for sample in samples])
