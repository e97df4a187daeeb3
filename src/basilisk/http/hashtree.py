"""Hash trees: what certified data is the root of, and witnesses for parts of it.

A tree maps paths (sequences of labels) to leaves.  Each level is a search tree whose shape follows from its
labels alone (a treap with priorities by hash), so that a change hashes again only what lies above it, and the
order of changes leaves no trace.
Source: interface specification, "Certificate" and "Certification".
"""

from __future__ import annotations

from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Path = Sequence[bytes]
    #: What a witness has to show of a level: labels with what is to be shown below; None shows a leaf.
    Wanted = dict[bytes, "Wanted"]

__all__ = ["HashTree", "cbor"]

_SELF_DESCRIBED = b"\xd9\xd9\xf7"
_EMPTY, _FORK, _LABELED, _LEAF, _PRUNED = 0, 1, 2, 3, 4


def _domain(name: bytes) -> bytes:
    return bytes([len(name)]) + name


_EMPTY_HASH = sha256(_domain(b"ic-hashtree-empty")).digest()
_FORK_DOMAIN = _domain(b"ic-hashtree-fork")
_LABELED_DOMAIN = _domain(b"ic-hashtree-labeled")
_LEAF_DOMAIN = _domain(b"ic-hashtree-leaf")


class _Node:
    """A label of a level with what is below it (a leaf's bytes, or a level), left and right neighbours."""

    __slots__ = ("content", "digest", "label", "left", "priority", "right")

    def __init__(self, label: bytes, content: bytes | _Level) -> None:
        self.label = label
        self.content = content
        self.priority = sha256(label).digest()
        self.left: _Node | None = None
        self.right: _Node | None = None
        self.digest: bytes | None = None

    def below(self) -> bytes:
        """The hash of what is below the label."""
        if isinstance(self.content, bytes):
            return sha256(_LEAF_DOMAIN + self.content).digest()
        return self.content.digest()

    def own(self) -> bytes:
        """The hash of the label with what is below it."""
        return sha256(_LABELED_DOMAIN + self.label + self.below()).digest()


class _Level:
    """The labels of one level."""

    __slots__ = ("root",)

    def __init__(self) -> None:
        self.root: _Node | None = None

    def digest(self) -> bytes:
        return _EMPTY_HASH if self.root is None else _digest(self.root)

    def find(self, label: bytes) -> _Node | None:
        node = self.root
        while node is not None and node.label != label:
            node = node.left if label < node.label else node.right
        return node

    def touch(self, label: bytes) -> None:
        """Forgets the hashes on the way to a label."""
        node = self.root
        while node is not None:
            node.digest = None
            if node.label == label:
                return
            node = node.left if label < node.label else node.right

    def insert(self, made: _Node) -> None:
        """Adds a label that is not there."""
        self.root = _insert(self.root, made)

    def remove(self, label: bytes) -> None:
        """Removes a label that is there."""
        self.root = _remove(self.root, label)


def _digest(node: _Node) -> bytes:
    if node.digest is None:
        digest = node.own()
        if node.right is not None:
            digest = sha256(_FORK_DOMAIN + digest + _digest(node.right)).digest()
        if node.left is not None:
            digest = sha256(_FORK_DOMAIN + _digest(node.left) + digest).digest()
        node.digest = digest
    return node.digest


def _insert(node: _Node | None, made: _Node) -> _Node:
    if node is None:
        return made
    if made.priority > node.priority:
        made.left, made.right = _split(node, made.label)
        return made
    node.digest = None
    if made.label < node.label:
        node.left = _insert(node.left, made)
    else:
        node.right = _insert(node.right, made)
    return node


def _split(node: _Node | None, label: bytes) -> tuple[_Node | None, _Node | None]:
    if node is None:
        return None, None
    node.digest = None
    if node.label < label:
        node.right, rest = _split(node.right, label)
        return node, rest
    rest, node.left = _split(node.left, label)
    return rest, node


def _remove(node: _Node | None, label: bytes) -> _Node | None:
    assert node is not None
    if node.label == label:
        return _join(node.left, node.right)
    node.digest = None
    if label < node.label:
        node.left = _remove(node.left, label)
    else:
        node.right = _remove(node.right, label)
    return node


def _join(left: _Node | None, right: _Node | None) -> _Node | None:
    if left is None or right is None:
        return left or right
    if left.priority > right.priority:
        left.digest = None
        left.right = _join(left.right, right)
        return left
    right.digest = None
    right.left = _join(left, right.left)
    return right


class HashTree:
    """Leaves by their paths."""

    def __init__(self) -> None:
        self._top = _Level()

    def set(self, path: Path, leaf: bytes = b"") -> None:
        """Puts a leaf at a path.  Raises ValueError if the path goes on below a leaf or ends above one."""
        level = self._top
        levels: list[tuple[_Level, bytes]] = []
        for number, label in enumerate(path):
            last = number == len(path) - 1
            node = level.find(label)
            if node is None:
                node = _Node(label, leaf if last else _Level())
                level.insert(node)
            elif last != isinstance(node.content, bytes):
                raise ValueError("a label cannot have a leaf and labels below it")
            levels.append((level, label))
            if last:
                node.content = leaf
            else:
                assert isinstance(node.content, _Level)
                level = node.content
        for found, label in levels:
            found.touch(label)

    def remove(self, path: Path) -> bool:
        """Removes a leaf, and the labels above it that lead nowhere else; False if it is not there."""
        levels: list[tuple[_Level, bytes]] = []
        level: object = self._top
        for label in path:
            node = level.find(label) if isinstance(level, _Level) else None
            if node is None or not isinstance(level, _Level):
                return False
            levels.append((level, label))
            level = node.content
        if not isinstance(level, bytes):
            return False
        empty = True
        for found, label in reversed(levels):
            if empty:
                found.remove(label)
                empty = found.root is None
            else:
                found.touch(label)
        return True

    def root_hash(self) -> bytes:
        """The 32 bytes for ``ic.set_certified_data``."""
        return self._top.digest()

    def witness(self, paths: Iterable[Path]) -> bytes:
        """A tree of the same root, in CBOR, that shows these paths, or that they are absent."""
        wanted: Wanted = {}
        for path in paths:
            inner = wanted
            for label in path:
                inner = inner.setdefault(label, {})
        return _SELF_DESCRIBED + _show(self._top, wanted)


def _show(level: _Level, wanted: Wanted) -> bytes:
    if level.root is None:
        return _array(1) + _number(0, _EMPTY)
    return _show_node(level.root, wanted)


def _show_node(node: _Node | None, wanted: Wanted) -> bytes:
    """A search tree with the wanted labels; where they are missing, the labels on the way prove it."""
    if node is None:
        return b""
    if not wanted:
        return _pruned(_digest(node))
    if node.label not in wanted:
        inner = _pruned(node.below())
    elif isinstance(node.content, bytes):
        inner = _array(2) + _number(0, _LEAF) + _bytes(node.content)
    elif wanted[node.label]:
        inner = _show(node.content, wanted[node.label])
    else:
        inner = _pruned(node.below())
    shown = _array(3) + _number(0, _LABELED) + _bytes(node.label) + inner
    right = _show_node(node.right, {label: wanted[label] for label in wanted if label > node.label})
    if right:
        shown = _array(3) + _number(0, _FORK) + shown + right
    left = _show_node(node.left, {label: wanted[label] for label in wanted if label < node.label})
    if left:
        shown = _array(3) + _number(0, _FORK) + left + shown
    return shown


# CBOR (RFC 8949), as far as it is needed here


def cbor(texts: Sequence[str]) -> bytes:
    """A sequence of texts, self-described."""
    encoded = [text.encode("utf-8") for text in texts]
    return _SELF_DESCRIBED + _array(len(texts)) + b"".join(_number(3, len(text)) + text for text in encoded)


def _pruned(digest: bytes) -> bytes:
    return _array(2) + _number(0, _PRUNED) + _bytes(digest)


def _bytes(data: bytes) -> bytes:
    return _number(2, len(data)) + data


def _array(count: int) -> bytes:
    return _number(4, count)


def _number(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    if number < 0x100:
        return bytes([major << 5 | 24, number])
    if number < 0x1_0000:
        return bytes([major << 5 | 25]) + number.to_bytes(2, "big")
    return bytes([major << 5 | 26]) + number.to_bytes(4, "big")
