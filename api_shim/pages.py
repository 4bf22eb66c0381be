"""Pages for people: templates, and the headers that keep a page to itself.

A page is one file: its only style sheet is part of it, and it has no script. The content security policy
allows that style sheet by its hash, and nothing else from anywhere; so even markup that slipped into a
page could load, run and send nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response


def page_response(
    template: str,
    values: Mapping[str, object],
    *,
    style: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page.

    Args:
        template: name of a file in `templates/`.
        values: what the template names; text is escaped, `Markup` is not.
        style: a style sheet in `templates/` that this page has besides that of all pages.
    """
    css = Markup(_style(style))  # noqa: S704  (files of our own)
    html = _templates().get_template(template).render(values, style=css)
    # Text of a model or a trace may hold lone surrogates, which UTF-8 has no form for.
    return Response(
        html.encode("utf-8", "replace"),
        status_code=status,
        media_type="text/html",
        headers=_headers(style) | dict(headers or {}),
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("api_shim"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style(more: str | None) -> str:
    folder = files("api_shim").joinpath("templates")
    names = ["page.css"] if more is None else ["page.css", more]
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


@cache
def _headers(style: str | None) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style(style).encode()).digest()).decode()
    policy = {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",  # the icon, which is part of the page
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "private, no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",  # the address may be a signed link
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }
