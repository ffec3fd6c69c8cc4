"""Pages without a map: what their frame (`plain.html`) is drawn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from maps.assets import asset_url
from maps.text import Lang, html_lang, translator

STYLES: Final = ("base.css", "plain.css")


@dataclass(frozen=True)
class PlainFrame:
    """Whose page it is. `here` is its name in the list of pages ("": in none), `base` where the service is mounted (""
    for the root), `rights` are those of whoever looks, `other` is its address in the other language ("": it has none).

    `who` is the name to show, `csrf` the token of their session. A page that is kept for others with the same rights
    names nobody: it has `signed_in` alone.
    """

    nonce: str
    lang: Lang = "zh"
    base: str = ""
    here: str = ""
    rights: Collection[str] = ()
    other: str = ""
    who: str = ""
    csrf: str = ""
    signed_in: bool = False

    def values(self, *, styles: Sequence[str] = ()) -> dict[str, Any]:
        """What the template is given; `styles` are further files below `static/`."""
        return {
            "_": translator(self.lang),
            "html_lang": html_lang(self.lang),
            "styles": [asset_url(path, self.base) for path in (*STYLES, *styles)],
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
        }
