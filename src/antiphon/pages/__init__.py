"""Pages that need nothing but themselves: a template of each kind within one frame, with one style."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from antiphon.names import for_page

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(template: str, **values: Any) -> str:
    """The page that a template of `templates/` makes of the values, all of which are escaped."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("antiphon.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_seen,
    )
    environment.filters["fixed"] = fixed
    environment.globals["static"] = _static
    return environment


def _seen(value: Any) -> Any:
    """What a template shows: of a text what can be seen (a drawing with a control in it is no XML); the rest is the
    engine's own."""
    return for_page(value) if type(value) is str else value


def fixed(value: float, digits: int, sign: str = "") -> str:
    """A number with so many digits after the point; with `+` as the sign it always has one."""
    return f"{value:{sign}.{digits}f}"


def _static(name: str) -> Markup:
    """A style sheet or script of `static/`, which goes into the page as it is."""
    from markupsafe import Markup

    return Markup(resources.files("antiphon.pages").joinpath("static", name).read_text(encoding="utf-8"))
