"""Pictures of a running demo, those of the README and the documents among them:

    .venv/bin/python docs/pictures.py http://127.0.0.1:8000 PASSWORD FOLDER [--sizes 1920x1080 3840x2160] [--lang en]

Every page, and every scene of the wall in both themes, as NAME-WIDTHxHEIGHT.png with 256 colours.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from maps.wall import Scene

_PAGES: Final = {
    "home": "/",
    "coverage": "/maps/coverage",
    "patrol": "/maps/patrol",
    "disputes": "/disputes",
    "heat": "/maps/heat",
    "report": "/report",
    "editor": "/maps/edit",
}
_CHROMIUM: Final = shutil.which("chromium-headless-shell") or shutil.which("chromium")
_SETTLE_MS: Final = 2500  # transitions and tiles


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address")
    parser.add_argument("password", help="of the account admin")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", nargs="+", default=["1920x1080", "3840x2160"], metavar="WIDTHxHEIGHT")
    parser.add_argument("--only", nargs="+", help="names of pages and scenes")
    parser.add_argument("--lang", default="zh")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        for size in chosen.sizes:
            for name, page in _pages(browser, chosen, size):
                _keep(page, chosen.folder / f"{name}-{size}.png")
        browser.close()


def _pages(browser: Browser, chosen: argparse.Namespace, size: str) -> Iterator[tuple[str, Page]]:
    """Name and open page, one after the other."""
    width, height = map(int, size.split("x"))
    context = browser.new_context(
        base_url=chosen.address, viewport={"width": width, "height": height}, reduced_motion="reduce", locale="zh-CN"
    )
    page = context.new_page()
    page.goto(f"/login?lang={chosen.lang}")
    page.fill("[name=login]", "admin")
    page.fill("[name=password]", chosen.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")
    scenes = {
        f"wall-{scene}-{theme}": f"/wall?scenes={scene}&theme={theme}" for theme in ("dark", "light") for scene in Scene
    }
    for name, path in (_PAGES | scenes).items():
        if not chosen.only or name in chosen.only:
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={chosen.lang}", wait_until="load")
            page.wait_for_timeout(_SETTLE_MS)
            yield name, page
    context.close()


def _keep(page: Page, file: Path) -> None:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)
    sys.stdout.write(f"{file} {file.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
