"""A year of visits: campaigns cell by cell, some cells nearly done, some pale, some forgotten. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.demo.field import Floats
from gis.demo.plan import Bools, Ints, Plan

YEAR_DAYS = 364
OUTCOMES = np.array(["reached", "no_answer"], dtype=object)
PURPOSES = np.array(["routine", "safety", "publicity", "address_check"], dtype=object)
_PURPOSE_SHARE = np.cumsum([0.74, 0.11, 0.09, 0.06])
_MINUTE_US = 60_000_000
_CHINA_US = 8 * 60 * _MINUTE_US
_REACHED = 0.79  # how often a call finds somebody
_MOST = 0.97  # no campaign calls on everybody
_VISITS_A_CAMPAIGN = 0.8  # a household, where a campaign came
_LITTLE = 1.2  # with fewer visits a year than this, the open round has its part of them only


@dataclass(frozen=True, slots=True)
class Habits:
    """How each cell is visited. Arrays over cells, except `cell_of` (over households, ascending).

    `campaign_day[c, k]` counts days back from `today` (the first day of campaign k in cell c), `campaign_share[c, k]`
    the share of its households that it calls on; negative days mean that there was none.
    """

    seed: int
    today: date
    cell_of: Ints
    team: NDArray[np.object_]
    campaign_day: Ints
    campaign_share: Floats
    campaign_length: Ints
    hard: Floats  # share of households where nobody ever opens


def habits(
    rng: np.random.Generator,
    plan: Plan,
    cell_of: Ints,
    today: date,
    round_first_on: date,
    visits_per_household: float,
) -> Habits:
    """Habits for all cells, so that a household of the county sees `visits_per_household` visits a year on average.

    The average counts everybody, also where nobody comes: what the forgotten cells lack, the others have more.
    """
    num = len(plan.cell_xy)
    weight = np.bincount(cell_of, minlength=num) / len(cell_of)
    zeal = _zeal(rng, plan)
    rank = np.argsort(np.argsort(zeal, kind="stable"), kind="stable")
    forgotten = rank < max(3, num // 9)
    hard = np.clip(rng.gamma(1.2, 0.025, num), 0.0, 0.3)
    round_days = (today - round_first_on).days
    done = _round_share((rank + 0.5) / num) * min(1.0, visits_per_household / _LITTLE)
    wanted = visits_per_household - float(weight @ _visits(done[:, None], hard))
    number = max(1, int(np.ceil(wanted / (_VISITS_A_CAMPAIGN * weight[~forgotten].sum()))))
    start = _starts(rng, round_days, rank, forgotten, number)
    share = _share(rng.normal(0.76, 0.1, start.shape) * (start >= 1), weight, hard, wanted)
    first = np.where(done > 0, round_days - rng.integers(0, 4, num), -1)
    return Habits(
        seed=int(rng.integers(2**31)),
        today=today,
        cell_of=cell_of,
        team=np.array([f"T{village + 1:02d}" for village in plan.cell_village], dtype=object),
        campaign_day=np.column_stack([start, first]),
        campaign_share=np.column_stack([share, done]),
        campaign_length=np.column_stack([np.full((num, number), 12), np.maximum(first - 1, 1)]),
        hard=hard,
    )


def _round_share(quantile: Floats) -> Floats:
    """The share of each cell that the open round has called on, by the cell's place in the order of zeal (0 to 1)."""
    done: Floats = np.interp(quantile, [0.0, 0.11, 0.2, 0.45, 0.8, 0.93, 1.0], [0.0, 0.0, 0.12, 0.5, 0.86, 0.97, 1.0])
    return done


def _starts(rng: np.random.Generator, round_days: int, rank: Ints, forgotten: Bools, number: int) -> Ints:
    """First days (back from today) of `number` campaigns before the round in each cell, -1 where there was none."""
    gap = (YEAR_DAYS - round_days - 12) / number
    start = round_days + 10 + gap * (np.arange(number)[None, :] + rng.uniform(0.1, 0.9, (len(rank), number)))
    # The forgotten ninth: nobody came after early in the year; to the last three nobody came at all.
    quiet_since = rng.uniform(150.0, 300.0, len(rank))
    none = (forgotten[:, None] & (start < quiet_since[:, None])) | (rank < 3)[:, None]
    days: Ints = np.where(none, -1, start).astype(np.int64)
    return days


def _visits(share: Floats, hard: Floats) -> Floats:
    """Expected visits a household in each cell by campaigns of these shares (cells × campaigns), as `_block` draws."""
    missed = 1.0 - _REACHED * (1.0 - hard[:, None])
    expected: Floats = (share * (1.0 + missed * share**2)).sum(axis=1)
    return expected


def _share(pattern: Floats, weight: Floats, hard: Floats, wanted: float) -> Floats:
    """`pattern` times the one factor that makes the county's average `wanted` visits a household (by bisection)."""
    low, high = 0.0, 10.0
    share = pattern
    for _ in range(40):
        factor = (low + high) / 2
        share = np.clip(pattern * factor, 0.0, _MOST)
        if weight @ _visits(share, hard) < wanted:
            low = factor
        else:
            high = factor
    return share


def _zeal(rng: np.random.Generator, plan: Plan) -> Floats:
    """How eagerly each cell is visited: the village's habit and the cell's own."""
    village = rng.normal(0.0, 1.0, len(plan.village_xy))
    zeal: Floats = 0.8 * village[plan.cell_village] + rng.normal(0.0, 0.8, len(plan.cell_xy))
    return zeal


def visits(habit: Habits, codes: NDArray[np.object_], chunk: int) -> Iterator[pd.DataFrame]:
    """The visits of all households (`codes`, aligned with `habit.cell_of`) in frames of about `chunk` rows.

    Columns: row, id, household, visited_at (UTC), outcome, team, purpose. Each block of households has its own random
    numbers, so the visits do not depend on `chunk`.
    """
    block = 2_000
    pending: list[pd.DataFrame] = []
    size, row = 0, 1
    for first in range(0, len(codes), block):
        part = _block(habit, codes, first, min(first + block, len(codes)))
        part.insert(0, "row", np.arange(row, row + len(part)))
        row += len(part)
        pending.append(part)
        size += len(part)
        if size >= chunk:
            yield pd.concat(pending, ignore_index=True)
            pending, size = [], 0
    if size:
        yield pd.concat(pending, ignore_index=True)


def _block(habit: Habits, codes: NDArray[np.object_], first: int, last: int) -> pd.DataFrame:
    rng = np.random.default_rng([habit.seed, first])
    cell = habit.cell_of[first:last]
    hard = rng.random(len(cell)) < habit.hard[cell]
    who, day, zeal = _calls(rng, habit, cell)
    reached = (rng.random(len(who)) < _REACHED) & ~hard[who]
    # Where nobody answered, the team comes again some days later: seldom in a pale cell, nearly always in a good one.
    again = np.flatnonzero(~reached & (rng.random(len(who)) < zeal**2))
    later = np.maximum(day[again] - rng.integers(2, 9, len(again)), 1)
    who, day = np.concatenate([who, who[again]]), np.concatenate([day, later])
    reached = np.concatenate([reached, (rng.random(len(again)) < 0.75) & ~hard[who[len(reached) :]]])
    order = np.lexsort((who, -day))
    return _frame(rng, habit, codes[first:last], cell, who[order], day[order], reached[order])


def _calls(rng: np.random.Generator, habit: Habits, cell: Ints) -> tuple[Ints, Ints, Floats]:
    """Who is called on (index into `cell`), how many days before today, and the share of the cell that was."""
    who, days, shares = [], [], []
    for campaign in range(habit.campaign_day.shape[1]):
        start = habit.campaign_day[cell, campaign]
        called: Bools = (rng.random(len(cell)) < habit.campaign_share[cell, campaign]) & (start >= 1)
        index = np.flatnonzero(called)
        length = habit.campaign_length[cell[index], campaign]
        who.append(index)
        days.append(np.maximum(start[index] - (rng.random(len(index)) * length).astype(np.int64), 1))
        shares.append(habit.campaign_share[cell[index], campaign])
    return np.concatenate(who), np.concatenate(days), np.concatenate(shares)


def _frame(
    rng: np.random.Generator,
    habit: Habits,
    codes: NDArray[np.object_],
    cell: Ints,
    who: Ints,
    day: Ints,
    reached: Bools,
) -> pd.DataFrame:
    midnight = (np.datetime64(habit.today) - day.astype("timedelta64[D]")).astype("datetime64[us]").astype(np.int64)
    instant = midnight + _minutes(rng, len(who)) * _MINUTE_US - _CHINA_US
    purpose = np.minimum(np.searchsorted(_PURPOSE_SHARE, rng.random(len(who))), len(PURPOSES) - 1)
    return pd.DataFrame(
        {
            "id": _uuids(rng, len(who)),
            "household": codes[who],
            "visited_at": pd.to_datetime(instant, unit="us", utc=True),
            "outcome": OUTCOMES[np.where(reached, 0, 1)],
            "team": habit.team[cell[who]],
            "purpose": PURPOSES[purpose],
        }
    )


def _minutes(rng: np.random.Generator, number: int) -> Ints:
    """Minute of the day: mornings, afternoons, and an evening now and then."""
    part = rng.random(number)
    low = np.select([part < 0.4, part < 0.8], [9 * 60, 14 * 60 + 30], default=18 * 60 + 30)
    high = np.select([part < 0.4, part < 0.8], [11 * 60 + 50, 17 * 60 + 50], default=20 * 60 + 40)
    minutes: Ints = (low + rng.random(number) * (high - low)).astype(np.int64)
    return minutes


def _uuids(rng: np.random.Generator, number: int) -> list[str]:
    """Random version-4 UUIDs from the generator's bytes."""
    raw = np.frombuffer(rng.bytes(16 * number), dtype=np.uint8).reshape(-1, 16).copy()
    raw[:, 6] = (raw[:, 6] & 0x0F) | 0x40
    raw[:, 8] = (raw[:, 8] & 0x3F) | 0x80
    text = raw.tobytes().hex()
    parts = (text[i : i + 32] for i in range(0, 32 * number, 32))
    return [f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in parts]
