"""everycell doctor: is the database as it must be, after a restore, an upgrade, or work by hand?"""

from __future__ import annotations

import typer

from api.cli.folding import Table
from api.cli.output import opened, out
from api.cli.words import _, say
from gis.storage.doctor import examine
from gis.storage.engine import as_service

app = typer.Typer()


@app.command()
def doctor() -> None:
    """Look at schema, rights, row policies, the spatial index and durability. Exit code 1 where something is wrong."""
    with opened() as store, as_service(store) as service, store.begin() as owner, service.begin() as seen:
        findings = examine(owner, seen)
    shown = Table()
    for column in ("", _("subject"), _("finding")):
        shown.add_column(column)
    for finding in findings:
        shown.add_row(_("ok") if finding.ok else _("WRONG"), finding.subject, say(finding.told))
    out.print(shown)
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        if finding.remedy:
            out.print(f"  {say(finding.told)}: {say(finding.remedy)}", markup=False, soft_wrap=True)
    out.print(
        _("{number} of {all} findings are wrong", number=len(wrong), all=len(findings)) if wrong else _("all is well")
    )
    if wrong:
        raise typer.Exit(1)
