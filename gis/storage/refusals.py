"""What the database says when it refuses something, as sentences. Pure.

Triggers and functions raise finished English text (`RAISE EXCEPTION` in migrations/sql), so its template is found again
here. A test holds this list against the migrations.
"""

from __future__ import annotations

from typing import Final

from gis.sentence import Sentence, recognized

SENTENCES: Final = (
    # cells
    Sentence("cell {cell}: a code is never changed; retire the cell and add another"),
    Sentence("a cell is never deleted, its code would be free again: set retired_on"),
    Sentence("SELF_INTERSECTION: cell {cell} is no valid polygon: {reason}"),
    Sentence("OVERLAP: cells {one} and {other} overlap by {area} square metres"),
    Sentence("OUTSIDE_COUNTY: cell {cell} leaves the county by {area} square metres"),
    Sentence("county {county} has no outline: import its cells or divisions first"),
    Sentence("GAP: {area} square metres of county {county} belong to no cell"),
    Sentence("GAP: {area} square metres {place} belong to no cell{more}"),
    Sentence("cell {cell} is retired: take back the change that retired it"),
    Sentence("code {code} was used before: it is never used again"),
    Sentence("code: {code} was used before: it is never used again"),
    Sentence("village {village} has no code left"),
    Sentence("there is no village {village}"),
    Sentence("{field}: must be a line of at most 100 characters"),
    Sentence("{field}: looks personal: everycell keeps places, not people; nothing was stored"),
    Sentence("cells, and what stands in them, are not written in a transaction of isolation level {level}"),
    Sentence("Snap the border to its neighbour (topological editing in QGIS) and save both cells together."),
    Sentence("Give the piece to a neighbour: move both borders together."),
    Sentence("Use read committed."),
    # change sets
    Sentence("there is no change set {id}"),
    Sentence("change set {id} is {status}"),
    Sentence("change set {id} was changed by somebody else meanwhile: read it again"),
    Sentence("a change set becomes {status} by other means"),
    Sentence("drafts of the last month are never removed"),
    # places, visits
    Sentence("ORPHAN_HOUSEHOLD: doorplate {doorplate} stands in no cell of county {county}"),
    Sentence("ORPHAN_SITE: site {site} stands in no cell of county {county}"),
    Sentence("geometry: the point does not lie in your area"),
    Sentence("doorplate {doorplate} has households behind it: move them to another one first"),
    Sentence("household {household} has been visited: it stays; give it the status exempt"),
    Sentence("household {household}: its id is never changed"),
    Sentence("visits are added with everycell.record_visits(), which keeps the figures"),
    Sentence("visits of the last three months are never removed"),
    Sentence("the histogram of cell {cell} does not hold a household that leaves it: run everycell check"),
    Sentence("the histogram of county {county} does not hold a household that was visited: run everycell check"),
    Sentence("the histogram does not hold a household that leaves {day} in it: run everycell check"),
    Sentence("cell {cell} has no histogram: run everycell check"),
    Sentence("a cell of county {county} has no histogram: run everycell check"),
    # access
    Sentence("there is no such account, or it is disabled"),
    Sentence("the audit is append-only"),
    Sentence("the audit holds an entry of this transaction, which must be its last: commit, and read then"),
    Sentence(
        "this read of {table} cannot be noted in the audit just now, so nothing is shown: others are writing into it,"
        " try again"
    ),
    Sentence(
        "this read of {table} cannot be noted in the audit, so nothing is shown ({reason}): ask the administrator to"
        " run everycell doctor"
    ),
    Sentence("no table of doors is called so"),
    # cases
    Sentence("what happened to a case is not changed afterwards"),
    Sentence("there is no case {dispute}"),
    Sentence("id: a change with this id and other content was made already"),
    Sentence("version: the case has changed since: it has version {version}, not {read}; read it again"),
    Sentence("there is no revisit {number} of case {dispute}"),
    Sentence("revisit {number} of case {dispute} is done already"),
    Sentence("cases of the last six months are never removed"),
    Sentence("cell: {cell} does not lie in your area"),
    Sentence("published figures of cases are not changed afterwards"),
    Sentence("how cases stood is published with those past their date"),
    Sentence("the month in which a case is counted is not changed, and figures that are out count no more"),
    Sentence("cases are counted when the period is over"),
    Sentence("figures of cases of this time are out already, at this level or below"),
    # patrols
    Sentence("area: {area} does not lie in your area"),
    Sentence("there is no plan {id}"),
    Sentence("version: the plan has changed since: it has version {version}, not {read}; read it again"),
    Sentence("the plan is {status}"),
    Sentence("id: a plan with this id and other content was asked for already"),
    Sentence("version: the plan is as it was found: there is nothing to undo"),
    Sentence("the plan is given up"),
    Sentence("plans of the last seven days are never removed"),
)


def refusal(text: str) -> Sentence:
    """The sentence that a text of the database is; one without a template, which stays English, where it is another."""
    return recognized(text, SENTENCES) or Sentence("{text}", text=text)
