import yaml

TEXT = """
name: &n Zoë
list: [1, 2.5, 0x1F, ~, yes]
again: *n
date: 2026-02-28
text: |
  two
  lines
"""


def answer() -> str:
    """Load and dump by the part in Python: the one in C stays out."""
    data = yaml.safe_load(TEXT)
    try:
        yaml.safe_load("a: [")
    except yaml.YAMLError as error:
        message = str(error)
    return repr((data, yaml.safe_dump(data, allow_unicode=True, sort_keys=False), message))
