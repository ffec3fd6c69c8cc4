"""What sets a PDF, in a process of its own that says how much memory it took: `bench.report` runs it.

python -m bench._setting typst|fpdf|weasyprint          a table of 2,500 rows × 6 columns; the peak in MB on stdout
python -m bench._setting report TEMPLATE FONTS FAMILY...   what `maps.report.typeset` does; the peak in MB on stderr
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from maps.report.fonts import FAMILIES, font_folder


def main() -> None:
    if sys.argv[1] == "report":
        from maps.report import typeset

        sys.argv = sys.argv[1:]
        typeset.main()
        print(peak_mb(), file=sys.stderr)
    else:
        set_table(sys.argv[1])
        print(peak_mb())


def peak_mb() -> float:
    """The most memory that this process has had: of its own. `ru_maxrss` begins with what its parent had."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1000


def set_table(name: str) -> None:
    """Set the table by one library."""
    rows = [[f"990101100{n:03}", f"柳林村第{n}", "12,345", "6,789", "12.3 %", "456"] for n in range(2_500)]
    folder = font_folder()
    if name == "typst":
        import typst

        template = (
            f'#set text(font: "{FAMILIES[0]}", size: 9pt)\n#let d = json(bytes(sys.inputs.d))\n'
            "#table(columns: 6, table.header(..range(6).map(n => strong[列])), ..d.flatten())"
        )
        typst.compile(
            template.encode(), font_paths=[folder], ignore_system_fonts=True, sys_inputs={"d": json.dumps(rows)}
        )
    elif name == "fpdf":
        from fpdf import FPDF

        made = FPDF()
        for style, file in (("", "Regular"), ("B", "Bold")):
            made.add_font("noto", style, folder / f"NotoSansCJK-{file}.ttc", collection_font_number=2)
        made.add_page()
        made.set_font("noto", size=9)
        with made.table() as table:
            for row in rows:
                table.row(row)
        made.output()
    else:
        from weasyprint import HTML

        body = "".join(f"<tr>{''.join(f'<td>{value}' for value in row)}" for row in rows)
        HTML(string=f"<style>body {{ font: 9pt '{FAMILIES[0]}' }}</style><table>{body}</table>").write_pdf()


if __name__ == "__main__":
    main()
