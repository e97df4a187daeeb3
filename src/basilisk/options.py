"""The wrapper of options whose content is itself nothing.

``opt T`` is the value or None.  That says too little where the content can be None as well: in ``opt null``,
``opt reserved`` and ``opt opt T``.  There, an option that holds None is ``Some(None)``, one that holds
``Some(None)`` is ``Some(Some(None))``, and so on.  Other values stay as they are: 5 is 5 at ``opt opt nat``.

Decoding yields this form.  Encoding takes it, and takes ``Some(value)`` for any option.
"""

__all__ = ["Some"]


class Some:
    """An option that holds ``value``, where the value alone would say less: ``Some(None)`` is ``opt null``.

    ``value`` is None or another ``Some``; around any other value it changes nothing.
    """

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Some) and self.value == other.value

    def __hash__(self) -> int:
        return hash((Some, self.value))

    def __repr__(self) -> str:
        return f"Some({self.value!r})"
