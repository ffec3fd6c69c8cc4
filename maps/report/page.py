"""A report as one HTML file that asks nobody for anything."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from markupsafe import Markup, escape

from maps import csp
from maps.assets import inline_text
from maps.page import render
from maps.plain import PlainFrame
from maps.report.document import Document
from maps.report.flat import flat
from maps.text import html_lang

_STYLES = ("base.css", "report.css")


def page(document: Document, frame: PlainFrame | None = None, ways: Sequence[tuple[str, str]] = ()) -> str:
    """The file, with its Content-Security-Policy in a meta tag; a service that sends it gives the `frame` with the
    nonce it names, for the bar, and `ways` to go on from there: words and addresses. On paper neither is."""
    linked = frame is not None
    frame = frame or PlainFrame(secrets.token_urlsafe(18), document.lang)
    values = flat(document)
    for section in values["sections"]:
        for block in section["blocks"]:
            if block["kind"] == "chart":
                block["svg"] = Markup(block["svg"])  # noqa: S704 - every value in it was escaped when it was drawn
    body = render("report.html", document=values, ways=list(ways), linked=linked, **frame.values())
    styles = Markup("").join(Markup("<style>{}</style>").format(Markup(inline_text(path))) for path in _STYLES)  # noqa: S704
    head = Markup(
        '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
    ).format(policy=Markup(csp.policy(frame.nonce, standalone=True)))  # noqa: S704 - ours, and full of apostrophes
    html = Markup(
        '<!DOCTYPE html>\n<html lang="{lang}" data-ready="yes">\n<head>\n{head}<title>{title}</title>{styles}'
        "</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    whole = html.format(
        lang=html_lang(document.lang), head=head, title=escape(document.title), styles=styles, body=body
    )
    return csp.seal(str(whole), frame.nonce)
