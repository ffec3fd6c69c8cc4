"""The report in a real browser: one file without a service, no script, no foreign request, whatever names say."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from maps.report.assemble import document
from maps.report.page import page
from maps.text import Lang
from tests.browser.conftest import Open
from tests.maps.fake_report import report


@pytest.mark.parametrize(("lang", "width", "height"), [("zh", 1280, 800), ("en", 3840, 2160)])
def test_the_page_can_be_read(open_page: Open, tmp_path: Path, lang: Lang, width: int, height: int) -> None:
    file = tmp_path / "report.html"
    note = '<img src="https://evil.test/x.png"><script>document.title="x"</script>"\'&'
    file.write_text(page(document(report(note=note), lang)), "utf-8")
    shown = open_page(
        file.as_uri(),
        width=width,
        height=height,
    )
    title = {"zh": "月报", "en": "Monthly report"}[lang]
    expect(shown.locator("h1")).to_contain_text(title)
    expect(shown.locator("h1")).to_contain_text(note)
    assert shown.locator("img, script").count() == 0
    wide = shown.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], "nothing stands out at the side"
    boxes = shown.evaluate("[...document.querySelectorAll('figure svg')].map((s) => s.getBoundingClientRect().width)")
    assert len(boxes) >= 4
    assert all(box > 400 for box in boxes)
    # Every text of a drawing lies inside it.
    outside = shown.evaluate(
        """[...document.querySelectorAll('figure svg')].flatMap((s) => [...s.querySelectorAll('text')].filter((t) => {
            const [inner, outer] = [t.getBoundingClientRect(), s.getBoundingClientRect()];
            return inner.left < outer.left - 1 || inner.right > outer.right + 1;
        }).map((t) => t.textContent))"""
    )
    assert [text for text in outside if "evil" not in text] == []
    region = shown.get_by_role("region").first
    region.focus()
    expect(region).to_be_focused()
