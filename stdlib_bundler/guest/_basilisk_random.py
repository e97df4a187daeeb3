"""The generator behind ``random.random()`` and its siblings: seeded from entropy when it is used first.

CPython seeds it when ``random`` is imported, from the clock if there is no entropy.  In a canister that would
be the same sequence in every copy; here a draw before the canister has entropy raises instead.
"""


def shared(random_class):
    """An unseeded instance of a subclass of ``random_class``."""

    class SharedRandom(random_class):
        def __init__(self, x=0):
            super().__init__(x)
            self._seeded = False

        def seed(self, a=None, version=2):
            super().seed(a, version)
            self._seeded = True

        def random(self):
            if not self._seeded:
                self.seed()
            return super().random()

        def getrandbits(self, k):
            if not self._seeded:
                self.seed()
            return super().getrandbits(k)

        def setstate(self, state):
            super().setstate(state)
            self._seeded = True

        def getstate(self):
            if not self._seeded:
                self.seed()
            return super().getstate()

    return SharedRandom(0)
