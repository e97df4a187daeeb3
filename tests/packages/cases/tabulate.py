from tabulate import tabulate


def answer() -> str:
    """Tables in three formats."""
    rows = [["spam", 41.9999], ["eggs", "451.0"]]
    return repr(
        [tabulate(rows, headers=["item", "qty"], tablefmt=name) for name in ("plain", "github", "html")]
    )
