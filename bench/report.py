"""The monthly report: how long each form takes, how large it is, what memory setting it takes.

    ./run bench report [--households N] [--quick] [--fresh]

A generated county in a cluster of its own. `gather_s` reads it, `words_s` makes the document with its maps and charts,
then each form by itself; `…_cpu_s` is the processor time of this process alone, which others on the machine do not
lengthen; `pdf_peak_mb` is the largest process that set one. `table_…_s`: a table of 2,500 rows × 6
columns in Noto Sans CJK set in a process of its own by Typst, fpdf2 and WeasyPrint, of which those count that are
installed (`uv pip install fpdf2 weasyprint`); `table_…_mb` is what it took at its peak, start and imports included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from importlib.util import find_spec
from typing import TypeVar

from bench._ground import COUNTY, ensure_county, finish, options, own_store, say
from gis.access.scope import ALL, EVERYWHERE
from gis.disputes.kept import Kept
from gis.disputes.periods import Period, Span
from gis.disputes.publication import publish_due
from gis.households.coverage import today_in
from gis.report.cases import Reader
from gis.report.gather import gather
from gis.storage.engine import Store
from maps.report.assemble import document
from maps.report.flat import flat
from maps.report.fonts import FAMILIES, font_folder
from maps.report.page import page
from maps.report.pdf import TEMPLATE, pdf
from maps.report.workbook import workbook

T = TypeVar("T")
PEERS = ("typst", "fpdf", "weasyprint")


def main() -> None:
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    with own_store(f"report-{chosen.households}", fresh=chosen.fresh) as (store, _):
        ensure_county(store, chosen.households, 1.0)
        publish_due(store, today_in(store.settings))
        figures = of_county(store)
    for name in PEERS:
        if find_spec(name) is None:
            say(f"{name} is not installed: left out")
            continue
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "bench._setting", name], check=True, capture_output=True)
        figures |= {f"table_{name}_s": time.perf_counter() - begun, f"table_{name}_mb": float(done.stdout)}
    finish("report", figures)


def of_county(store: Store) -> dict[str, float]:
    today = today_in(store.settings)
    last = today.replace(day=1) - timedelta(days=1)
    reader = Reader((EVERYWHERE,), lambda _: nullcontext(), Kept(2**28))
    figures: dict[str, float] = {}

    def timed(name: str, make: Callable[[], T]) -> T:
        begun, cpu = time.perf_counter(), time.process_time()
        made = make()
        figures[f"{name}_s"] = time.perf_counter() - begun
        figures[f"{name}_cpu_s"] = time.process_time() - cpu
        if isinstance(made, bytes):
            figures[f"{name}_kb"] = len(made) / 1000
        return made

    month = Period(date(last.year, last.month, 1), Span.month)
    with store.read(ALL.settings()) as conn:
        read = lambda: gather(conn, f"{COUNTY:06}", month, reader, settings=store.settings, today=today)  # noqa: E731
        found = timed("gather", read)
    figures["cells"] = len(found.work.cells)
    made = timed("words", lambda: document(found))
    timed("html", lambda: page(made).encode())
    timed("xlsx", lambda: workbook(made))
    timed("pdf", lambda: pdf(made))
    command = [sys.executable, "-m", "bench._setting", "report", str(TEMPLATE), str(font_folder()), *FAMILIES]
    sent = json.dumps(flat(made), ensure_ascii=False).encode()
    figures["pdf_peak_mb"] = float(subprocess.run(command, input=sent, check=True, capture_output=True).stderr)
    return figures


if __name__ == "__main__":
    main()
