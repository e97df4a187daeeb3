import jinja2
import jinja2.sandbox

ENVIRONMENT = jinja2.Environment(autoescape=True, trim_blocks=True, extensions=["jinja2.ext.do"])
ENVIRONMENT.loader = jinja2.DictLoader(
    {
        "base": "<h1>{% block title %}-{% endblock %}</h1>{% block body %}{% endblock %}",
        "page": "{% extends 'base' %}{% block title %}{{ title }}{% endblock %}"
        "{% block body %}{% for item in items|sort(reverse=true) %}{{ loop.index }}={{ item }};{% endfor %}"
        "{% endblock %}",
    }
)
PAGE = ENVIRONMENT.get_template("page")


def answer() -> str:
    """Inheritance, loops, filters, escaping, and a template that is compiled while the canister runs."""
    text = PAGE.render(title="<b>", items=[2, 3, 1])
    late = ENVIRONMENT.from_string("{{ 'a,b'.split(',')|join('+') }} {{ '%.2f'|format(1/3) }}").render()
    try:
        jinja2.sandbox.SandboxedEnvironment().from_string("{{ ''.__class__.__mro__ }}").render()
    except jinja2.exceptions.SecurityError as error:
        refused = type(error).__name__
    return repr((text, late, refused))
