from mpmath import mp, mpf, quad, zeta


def answer() -> str:
    """Fifty digits."""
    with mp.workdps(50):
        return repr(
            (
                str(+mp.pi),
                str(zeta(3)),
                str(quad(lambda x: mp.exp(-x * x), [0, 1])),
                str(mpf(2) ** mpf("0.5")),
            )
        )
