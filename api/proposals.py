"""Cuts and rebalances over HTTP: what is asked, within which time, and what is told of a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Final, cast

from api.bodies import members
from api.problems import Trouble
from gis.cells.cutting.apart import TooLong, propose_apart
from gis.cells.cutting.cut import Language
from gis.cells.cutting.partition import Range
from gis.cells.cutting.proposals import KINDS, Ask, Kind, Proposal, figures_of
from gis.cells.cutting.village import Village
from gis.errors import BadInput
from gis.sentence import NOR, joined

# A proposal keeps a processor busy, so there is one at a time in a worker; together with the waiting it must end before
# the answer is due (`Limits.answer_s`).
_LIMIT_S: Final = 40.0
_WAIT_S: Final = 10.0
_ONE: Final = BoundedSemaphore()
_MOST_HOUSEHOLDS: Final = 1_000_000
_HIGHEST_SEED: Final = 1_000_000


def asked(body: object) -> tuple[str, Ask]:
    """The village and what is wanted of it. Raises BadInput that names the member."""
    given = members(body, "kind", "village", "households", "seed")
    kind, village, seed = given.get("kind"), given.get("village"), given.get("seed", 0)
    if kind not in KINDS:
        raise BadInput("{field}: {word!r} is neither {words}", word=kind, words=joined(KINDS, NOR), field="kind")
    if not isinstance(village, str):
        raise BadInput("village: the code of a village is wanted, as a text", field="village")
    if not _whole(seed) or not 0 <= seed <= _HIGHEST_SEED:
        raise BadInput("seed: a whole number from 0 to {most:,} is wanted", most=_HIGHEST_SEED, field="seed")
    return village, Ask(cast(Kind, kind), _range(given.get("households")), seed)


def _range(value: object) -> Range:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(map(_whole, value))
        or not 0 < value[0] <= value[1] <= _MOST_HOUSEHOLDS
    ):
        raise BadInput(
            "households: the least and the most of a cell are wanted, such as [300, 500]", field="households"
        )
    return Range(*value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def worked_out(village: Village, ask: Ask) -> Proposal:
    """The proposal. Raises Trouble where others are waited for too long, or where it takes too long itself: then the
    problem's `command` is what to do in a shell."""
    with _turn():
        try:
            return propose_apart(village, ask, _LIMIT_S)
        except TooLong:
            wanted = f"{ask.wanted.least}-{ask.wanted.most}"
            command = f"everycell cells {ask.kind} --village {village.code} --households {wanted} --draft"
            raise Trouble(
                "bad-input",
                "village: {number:,} doorplates take longer than the {limit_s:g} s that a request has;"
                " the command line has no limit: {command}",
                number=len(village.doors),
                limit_s=_LIMIT_S,
                command=command,
                field="village",
                more={"command": command},
            ) from None


@contextmanager
def _turn() -> Iterator[None]:
    if not _ONE.acquire(timeout=_WAIT_S):
        raise Trouble("busy", "others are having villages cut or balanced: try again later")
    try:
        yield
    finally:
        _ONE.release()


def told(proposal: Proposal) -> Mapping[str, Any]:
    """The proposal in figures, as JSON."""
    cells = proposal.cells
    return {
        "cells": [{"code": cell.code, **figures_of(cell)} for cell in cells],
        "inRange": sum(cell.why is None for cell in cells),
        "borderM": round(proposal.border_m),
        "alongStreetsM": round(proposal.along_m),
        "moved": proposal.moved,
        "leastMoved": proposal.least_moved,
        "sentence": _sentence(proposal),
    }


def _sentence(proposal: Proposal) -> Mapping[Language, str]:
    cells, wanted = proposal.cells, proposal.wanted
    inside = sum(cell.why is None for cell in cells)
    zh = f"{len(cells):,} 个网格，其中 {inside:,} 个有 {wanted.least:,}–{wanted.most:,} 户"
    en = f"{len(cells):,} cells, {inside:,} of them with {wanted.least:,} to {wanted.most:,} households"
    if proposal.operation is None:
        return {"zh": f"无需调整：{zh}", "en": f"nothing to change: {en}"}
    if proposal.moved is not None:
        return {
            "zh": f"{zh}；{proposal.moved:,} 户换网格",
            "en": f"{en}; {proposal.moved:,} households get another cell",
        }
    return {"zh": zh, "en": en}
