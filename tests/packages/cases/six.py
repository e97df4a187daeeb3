import six
from six.moves import urllib, zip_longest


def answer() -> str:
    """Names that moved between versions, found by its own importer."""
    parts = urllib.parse.urlsplit("https://example.org/a?b=c")
    return repr(
        (list(zip_longest([1], [2, 3])), parts.query, six.PY3, six.ensure_binary("é"), six.text_type.__name__)
    )
