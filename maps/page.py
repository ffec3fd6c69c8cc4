"""One page with one map: Folium's map and layers, our own assets, and a policy that lets nothing else in.

Every page has the same frame: the map full-bleed, a bar above, a folding panel at the left, the legend bottom left and
the time of the data bottom right. What a page shows comes as JSON data and is written into the document as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template
from folium.utilities import JsCode
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gis.access.scope import EVERYWHERE, Right
from maps import csp
from maps.assets import MODULES, asset_url, file_of, inline_text, local_path
from maps.text import Lang, html_lang, messages, translator

_TEMPLATES: Final = Environment(
    loader=PackageLoader("maps"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees

# Leaflet's animations, for whoever has not switched motion off.
ANIMATED: Final = JsCode("!matchMedia('(prefers-reduced-motion: reduce)').matches")

MIN_ZOOM: Final = 4
MAX_ZOOM: Final = 19

# Below JSON there is no `<`, so no value can end the script that carries it.
_IN_SCRIPT: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


_SAID: Final = re.compile(r'\b(?:t|N)\(\s*"([^"]+)"')


@dataclass(frozen=True)
class Frame:
    """What every page needs besides its content.

    `nonce` is fresh for every answer. `base` is the address the service is mounted at ("" for the root). A standalone
    page carries all its assets and asks nobody for anything. `theme` is a wall's, "dark" or "light"; "" for desks.
    """

    title: str
    nonce: str
    lang: Lang = "zh"
    base: str = ""
    standalone: bool = False
    theme: str = ""


@dataclass(frozen=True)
class BaseMap:
    """An XYZ or WMTS template of map tiles on the closed network; `{z}`, `{x}`, `{y}` and `{s}` are filled in."""

    url: str
    attribution: str = ""


def render(template: str, lang: Lang, **values: Any) -> Markup:
    """A page, or a piece of one, from `maps/templates`, with every value escaped and `_` for the words."""
    text = _TEMPLATES.get_template(template).render({"_": translator(lang), "lang": lang, **values})
    return Markup(text)  # noqa: S704 - rendered with autoescape


@lru_cache(maxsize=16)
def words_of(scripts: tuple[str, ...], lang: Lang) -> dict[str, str]:
    """The catalogue of what some scripts say, for small pages: that of all pages is ten times as long."""
    said = {words for path in scripts for words in _SAID.findall(file_of(path).read_text("utf-8"))}
    return {message: words for message, words in messages(lang).items() if message in said}


def script_json(value: Any) -> str:
    """A value as JSON that is safe inside a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_IN_SCRIPT)


def rights_of(rights: Collection[str], areas: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Right -> the code prefixes it holds for, as `GET /me` tells it."""
    return {str(right): list(areas.get(right, (EVERYWHERE,))) for right in sorted(rights)}


@dataclass(frozen=True)
class LivePage:
    """What every page is made from that asks the service.

    `bounds` (west, south, east, north in degrees) is where the map opens; None means that nothing has been imported,
    and the page says how. `today` is the county's day, `zone` the IANA name of its time zone, `base` where the service
    is mounted ("" for the root), `credits` whom the data's licence wants named on the map.

    `rights` are those that whoever looks has anywhere, by name; `areas` tells for a right the code prefixes it holds
    for ("" and a right without an entry: everywhere). What is not allowed is neither offered nor asked for. `who` is
    the name to show ("": nobody is named), `csrf` the token of their session ("" without one: nothing to sign out of).
    """

    nonce: str
    today: date
    bounds: Bounds | None
    title: str = ""
    lang: Lang = "zh"
    base: str = ""
    base_map: BaseMap | None = None
    credits: Sequence[str] = ()
    rights: frozenset[str] = frozenset(Right)
    areas: Mapping[str, Sequence[str]] = field(default_factory=dict)
    who: str = ""
    csrf: str = ""
    zone: str = "Asia/Shanghai"

    @property
    def barred(self) -> bool:
        """Whether whoever looks may see nothing of what the page shows."""
        return Right.figures not in self.rights

    def data(self, **of_this_page: Any) -> dict[str, Any]:
        """What its scripts are told, with what only this page tells."""
        return {
            "api": self.base,
            "today": self.today.isoformat(),
            "zone": self.zone,
            "bounds": None if self.barred else self.bounds,
            "rights": rights_of(self.rights, self.areas),
            "who": self.who,
            "csrf": self.csrf,
            **of_this_page,
            "base_map": self.base_map is not None,
            "attribution": bool(self.base_map and self.base_map.attribution),
            "credits": [str(Markup.escape(credit)) for credit in self.credits],
        }

    @property
    def shows_map(self) -> bool:
        """Whether there is anything to show, to whoever looks."""
        return not self.barred and self.bounds is not None

    def chrome(self, template: str, here: str, title: str, **of_this_page: Any) -> Markup:
        """What lies over the map, with nothing in it that whoever looks may not use. `here` is the page's name in
        the list of pages (`links.html`)."""
        return render(
            template,
            self.lang,
            title=title,
            base=self.base,
            here=here,
            rights=self.rights,
            barred=self.barred,
            empty=self.bounds is None,
            doors=Right.doors in self.rights,
            linked=True,
            who=self.who,
            csrf=self.csrf,
            signed_in=bool(self.who),
            other=f"?lang={'en' if self.lang == 'zh' else 'zh'}",
            **of_this_page,
        )


class PageFigure(Figure):
    """Folium's figure with a language, a title that is escaped, and the script inside the body."""

    _template = Template(
        "<!DOCTYPE html>\n"
        '<html lang="{{ this.frame_lang|e }}"{% if this.theme %} data-theme="{{ this.theme|e }}"{% endif %}>\n'
        "<head>\n<title>{{ this.title|e }}</title>\n"
        "{{ this.header.render(**kwargs) }}\n</head>\n<body>\n{{ this.html.render(**kwargs) }}\n"
        "<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )

    def __init__(self, title: str, lang: Lang, theme: str = "") -> None:
        super().__init__(title=title)
        self.frame_lang = html_lang(lang)
        self.theme = theme


class GridMap(folium.Map):
    """A Folium map whose page runs without the internet and under a strict policy.

    `styles`, `scripts` and `modules` are our own files below `static/`; `chrome` is the markup that lies over the map,
    `data` the JSON values that scripts read by their id, and `start` the script function that gets the map. Where it
    shows nothing (`shows_map`), nobody gets at it. Other Folium layers may be added as usual: an asset that is not
    installed raises NotFound when the page is rendered.
    """

    default_js = [  # noqa: RUF012 - the base class declares it so
        ("leaflet", "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js"),
    ]
    default_css = [  # noqa: RUF012
        ("leaflet_css", "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css"),
    ]

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            {% if this.shows_map %}
            <main><div class="map" id={{ this.get_name()|tojson }}></div></main>
            {% else %}
            <div class="map" id={{ this.get_name()|tojson }} inert></div>
            {% endif %}
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }},
                crs: L.CRS.{{ this.crs }},
                ...{{ this.options|tojavascript }}
            });
        {% endmacro %}
        """
    )

    def __init__(
        self,
        frame: Frame,
        *,
        styles: Sequence[str],
        scripts: Sequence[str],
        modules: Sequence[str] = (),
        chrome: Markup,
        data: Mapping[str, Any],
        start: str,
        base_map: BaseMap | None = None,
        shows_map: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(location=[0.0, 0.0], zoom_start=MIN_ZOOM, tiles=None, zoom_control=False, **options)
        # Folium keeps its own min_zoom and max_zoom for a tile layer; without them Leaflet takes those of our layers.
        self.options.update(min_zoom=MIN_ZOOM, max_zoom=MAX_ZOOM)
        self._id = "grid"
        self.frame = frame
        self.shows_map = shows_map
        self._assets = (tuple(styles), tuple(scripts), tuple(modules))
        self._start = start
        self._base_map_url = base_map.url if base_map else None
        self._figure = PageFigure(frame.title, frame.lang, frame.theme)
        self._figure.add_child(self)
        self._figure.html.add_child(_Text(chrome), name="chrome")
        for name, value in data.items():
            self._figure.html.add_child(_data(name, value), name=name)
        if base_map:
            self.add_child(_base_layer(base_map))

    def page(self) -> str:
        """The page as text.

        Raises NotFound for an asset that is not installed, BadInput for what the policy forbids.
        """
        figure = self._figure
        figure.header._children.clear()
        figure.script._children.clear()
        self.render()  # type: ignore[no-untyped-call]
        figure.script.add_child(_Text(f"{self._start}({self.get_name()});"), name="start")
        collected = list(figure.header._children.values())
        figure.header._children.clear()
        for position, part in enumerate([self._meta(), *map(self._local, collected), *self._own()]):
            figure.header.add_child(part, name=f"head_{position}")
        return csp.seal(figure._template.render(this=figure, kwargs={}), self.frame.nonce)

    def _meta(self) -> Element:
        lines = [
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
        ]
        if self.frame.standalone:
            rule = csp.policy(self.frame.nonce, base_map_url=self._base_map_url, standalone=True)
            lines.insert(1, f'<meta http-equiv="Content-Security-Policy" content="{rule}">')
        return _Text("\n".join(lines))

    def _local(self, part: Element) -> Element:
        if isinstance(part, JavascriptLink):
            return self._script(local_path(part.url))
        return self._style(local_path(part.url)) if isinstance(part, CssLink) else part

    def _own(self) -> list[Element]:
        styles, scripts, modules = self._assets
        own = [self._style(path) for path in styles]
        if modules:
            imports = {name: asset_url(path, self.frame.base) for name, path in MODULES.items()}
            own.append(_Text(f'<script type="importmap">{script_json({"imports": imports})}</script>'))
        own += [_Text(f'<script type="module" src="{asset_url(path, self.frame.base)}"></script>') for path in modules]
        return [*own, _data("messages", messages(self.frame.lang)), *map(self._script, scripts)]

    def _script(self, path: str) -> Element:
        if self.frame.standalone:
            return _Text(f"<script>{inline_text(path)}</script>")
        return _Text(f'<script src="{asset_url(path, self.frame.base)}"></script>')

    def _style(self, path: str) -> Element:
        if self.frame.standalone:
            return _Text(f"<style>{inline_text(path)}</style>")
        return _Text(f'<link rel="stylesheet" href="{asset_url(path, self.frame.base)}">')


class _Text(Element):
    """Text that is already markup; Element itself would read it as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_kwargs: Any) -> str:
        return self.text


def _data(name: str, value: Any) -> Element:
    return _Text(f'<script id="{name}" type="application/json">{script_json(value)}</script>')


def _base_layer(base_map: BaseMap) -> folium.TileLayer:
    # Leaflet prints an attribution as HTML.
    return folium.TileLayer(tiles=base_map.url, attr=str(Markup.escape(base_map.attribution or " ")), max_zoom=22)
