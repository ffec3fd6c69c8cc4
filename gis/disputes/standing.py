"""How the cases of a county stand at the end of a period, as it is published: how far those that were registered in it
have come, and what became of the revisits that were due in it. Family disputes are in neither. Pure.

Both are of counties alone: why, and why nothing small follows from them, is in docs/decisions/0028-standing.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from gis.disputes.categories import Names
from gis.disputes.disclosure import WITHHELD, Table, publish_top
from gis.disputes.merging import Ints, K
from gis.disputes.workflow import State


class Stage(StrEnum):
    """How far a case has come. What is small is merged from the end of the list."""

    under_way = "under_way"
    closed = "closed"
    agreed = "agreed"
    registered = "registered"
    referred = "referred"
    not_accepted = "not_accepted"


class Revisited(StrEnum):
    """What became of a revisit that was due."""

    holds = "holds"
    broken = "broken"
    no_answer = "no_answer"
    waiting = "waiting"


STAGE_NAMES: Final = MappingProxyType(
    {
        Stage.under_way: Names("办理中", "Under way"),
        Stage.closed: Names("已履行、办结", "Performed or closed"),
        Stage.agreed: Names("已达成协议", "Agreed"),
        Stage.registered: Names("待受理", "To be accepted"),
        Stage.referred: Names("已转办", "Referred"),
        Stage.not_accepted: Names("不予受理", "Not accepted"),
    }
)
REVISITED_NAMES: Final = MappingProxyType(
    {
        Revisited.holds: Names("协议保持履行", "The agreement holds"),
        Revisited.broken: Names("纠纷出现反复", "The dispute has come up again"),
        Revisited.no_answer: Names("无人应答", "Nobody answered"),
        Revisited.waiting: Names("尚未回访", "Not visited yet"),
    }
)
STAGE_OF: Final[Mapping[State, Stage]] = MappingProxyType(
    {
        State.registered: Stage.registered,
        State.accepted: Stage.under_way,
        State.not_accepted: Stage.not_accepted,
        State.in_mediation: Stage.under_way,
        State.agreed_oral: Stage.agreed,
        State.agreed_written: Stage.agreed,
        State.not_agreed: Stage.under_way,
        State.referred: Stage.referred,
        State.performed: Stage.closed,
        State.closed: Stage.closed,
        State.reopened: Stage.under_way,
    }
)


def publish_stages(counts: Ints, households: int, registered: int, pressed: int) -> Table:
    """The cases of a county's month broken down by stage (k,).

    Withheld where they are not a breakdown of the published number `registered` (or that is WITHHELD); and where the
    cases of the month that have to be past their date because those before it cannot be, `pressed`, are more than 1:
    they are under way.
    """
    if registered != counts.sum() or pressed > 1:
        return _nothing(len(counts))
    return publish_top(counts, households)


def publish_revisits(counts: Ints, households: int, told: int, overdue: int) -> Table:
    """What became of the revisits of a county's month (k,).

    Withheld where there are more than cases that they may be of: `told`, those of months before of which published
    numbers tell, but for the `overdue` ones (or K - 1): a case that waits for a revisit is not past its date.
    """
    if counts.sum() + max(overdue, K - 1) > told:
        return _nothing(len(counts))
    return publish_top(counts, households)


def _nothing(parts: int) -> Table:
    return Table(np.full(1, WITHHELD), np.full((1, parts), WITHHELD))
