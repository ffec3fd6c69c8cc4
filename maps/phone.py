"""The page of a link for a team: one stop after another, without a network too. It holds nothing of a route: the page
asks for that by its link, and keeps it on the device."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup

from maps import csp
from maps.assets import asset_url
from maps.page import render, script_json, words_of
from maps.text import Lang, translator

STYLES: Final = ("phone.css",)
SCRIPTS: Final = (
    "page.js",
    "phone-store.js",
    "phone-stops.js",
    "phone-sending.js",
    "phone-map.js",
    "phone-card.js",
    "phone-offline.js",
    "phone.js",
)
WORKER: Final = "phone-worker.js"
ICON: Final = "phone-icon.svg"
PICTURES: Final = {192: "phone-192.png", 512: "phone-512.png"}


def phone_page(token: str, nonce: str, base: str = "") -> str:
    """The page. Send it with `maps.csp.policy(nonce, installable=True)`. `base` is where the service is mounted.

    Both languages are in it: the device chooses, and changes without a network.
    """
    html = render(
        "phone.html",
        "zh",
        manifest=f"{base}/p/{token}/manifest.webmanifest",
        icon=asset_url(ICON, base),
        touch_icon=asset_url(PICTURES[192], base),
        styles=[asset_url(path, base) for path in STYLES],
        scripts=[asset_url(path, base) for path in SCRIPTS],
        config=_json({"base": base, "token": token}),
        words=_json(words_of(SCRIPTS, "zh")),
    )
    return csp.seal(str(html), nonce)


def _json(value: Any) -> Markup:
    return Markup(script_json(value))  # noqa: S704 - without a `<` in it


def manifest(token: str, base: str = "", lang: Lang = "zh") -> dict[str, Any]:
    """The page as an app. It has the same id for every link: a new one replaces the old."""
    _ = translator(lang)
    icons = [
        {"src": asset_url(path, base), "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
        for side, path in PICTURES.items()
        for purpose in ("any", "maskable")
    ]
    return {
        "id": f"{base}/p/",
        "name": f"everycell {_('Patrol')}",
        "short_name": _("Patrol"),
        "lang": "zh-CN" if lang == "zh" else "en",
        "start_url": f"{base}/p/{token}",
        "scope": f"{base}/p/",
        "display": "standalone",
        "orientation": "portrait",
        "theme_color": "#0b4f8a",
        "background_color": "#f3f4f2",
        "icons": [*icons, {"src": asset_url(ICON, base), "sizes": "any", "type": "image/svg+xml"}],
    }
