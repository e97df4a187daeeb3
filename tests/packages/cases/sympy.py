import sympy


def answer() -> str:
    """Algebra: derivatives, integrals, equations, limits."""
    x = sympy.Symbol("x")
    return repr(
        (
            sympy.diff(sympy.sin(x) * sympy.exp(x), x),
            sympy.integrate(x * sympy.cos(x), x),
            sympy.solve(x**2 - 2, x),
            sympy.factor(x**3 - 1),
            sympy.limit(sympy.sin(x) / x, x, 0),
        )
    )
