"""One frozen Settings, read from the environment (prefix EVERYCELL_) and from nothing else."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from gis.access.claims import ClaimMapping
from gis.disputes.periods import Span, spans_of
from gis.errors import BadInput
from gis.invalid import invalid
from gis.sentence import Sentence, joined


class Settings(BaseSettings):
    """What an administrator may set. `EVERYCELL_HOME=/srv/everycell everycell serve`."""

    model_config = SettingsConfigDict(env_prefix="EVERYCELL_", frozen=True, extra="ignore", hide_input_in_errors=True)

    home: Path = Field(Path(".everycell"), description="data folder: private cluster, logs, uploads")
    database_url: Annotated[
        str | None,
        Field(
            validation_alias=AliasChoices("DATABASE_URL", "database_url"),
            description="use this PostGIS instead of the private cluster; nothing is started then",
        ),
    ] = None
    service_database_url: str | None = Field(
        None, description="by which `serve` reaches the database of DATABASE_URL, as the role everycell_app"
    )
    service_password: SecretStr | None = Field(
        None, description="the password that `migrate` gives to the role everycell_app"
    )
    timezone: str = Field("Asia/Shanghai", description="in which a visit's instant becomes a day")
    interval_days: int = Field(90, ge=1, le=3650, description="visit interval of a household where none is given")
    due_soon_days: int = Field(14, ge=0, le=365, description="a household due within so many days is 'due soon'")
    heat_half_life_days: int | None = Field(
        90, ge=7, le=365, description="heat of a month: how old a case is that counts half; empty: that month alone"
    )
    # May be stricter than the product promises (a year, a week), never looser.
    visit_months: int = Field(12, ge=3, le=12, description="visits are kept so long; then last dates and counts only")
    upload_days: int = Field(7, ge=1, le=7, description="files that were sent to the service are kept so long")
    dispute_months: int = Field(24, ge=6, le=24, description="cases are kept so long after they were closed")
    patrol_days: int = Field(
        7, ge=7, le=30, description="so long a plan of patrols tells which households were meant and ticked"
    )
    draft_days: int = Field(180, ge=30, le=180, description="drafts of the grid that nobody touches are kept so long")
    dispute_days_cell: int = Field(30, ge=1, le=365, description="days to settle a case at the level of the cell")
    dispute_days_village: int = Field(30, ge=1, le=365, description="the same at the level of the village")
    dispute_days_town: int = Field(30, ge=1, le=365, description="the same at the level of the town")
    dispute_days_county: int = Field(30, ge=1, le=365, description="the same at the level of the county")
    dispute_extension_days: int = Field(30, ge=1, le=90, description="days that the one extension of a case adds")
    work_left_2_percent: float = Field(
        5, gt=0, le=100, description="a cell of the report has grade 2 from this share of its households overdue"
    )
    work_left_3_percent: float = Field(15, gt=0, le=100, description="the same for grade 3")
    work_left_4_percent: float = Field(30, gt=0, le=100, description="the same for grade 4, the most work left")
    report_fonts: Path | None = Field(
        None, description="folder with a Chinese font for the report, where none is found"
    )
    dispute_periods: str = Field(
        "month,quarter,year,year",
        description="for which periods cases of a county, its towns, villages and cells are counted: month, quarter or"
        " year each, none shorter than the one before",
    )
    alarm_behind_percent: int = Field(
        10, ge=1, le=100, description="a village this many percentage points behind its round's plan is an alarm"
    )
    alarm_overdue_percent: int = Field(
        30, ge=1, le=100, description="a village with this share of its households overdue is an alarm"
    )
    alarm_silent_days: int = Field(
        7, ge=1, le=60, description="a village from which nothing has come in for so many days of a round is an alarm"
    )
    base_map_url: str | None = Field(None, description="XYZ or WMTS template of a base map on the closed network")
    base_map_attribution: str = Field("", description="shown with the base map")
    pool_size: int = Field(8, ge=1, le=100, description="database connections a worker keeps")

    # A long shift. A screen that asks again and again is in use; a phone may be without signal for half a day.
    session_hours: float = Field(12, gt=0, le=168, description="a sign-in holds for so many hours")
    session_idle_minutes: float = Field(
        240, gt=0, le=10080, description="and ends earlier if it is not used for so long"
    )

    oidc_issuer: str | None = Field(None, description="address of an OpenID Connect provider; it is asked for the rest")
    oidc_client_id: str | None = Field(None, description="what the provider calls this service")
    oidc_client_secret: SecretStr | None = Field(None, description="how the service proves to the provider what it is")
    oidc_mapping: ClaimMapping | None = Field(
        None, description="JSON: which values of which claim give which roles where"
    )
    oidc_scopes: str = Field(
        "openid profile", description="what is asked of the provider; some send groups only if asked"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(Sentence("is no time zone; write it like Asia/Shanghai")) from None
        return value

    @field_validator("database_url", "service_database_url")
    @classmethod
    def _of_a_postgresql(cls, value: str | None) -> str | None:
        try:
            known = not value or make_url(value).get_backend_name() in ("postgresql", "postgres")
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError(
                Sentence("is no address of a PostgreSQL; write it like postgresql://user@host:5432/database")
            )
        return value

    @field_validator("dispute_periods")
    @classmethod
    def _known_periods(cls, value: str) -> str:
        spans_of(value)
        return value

    @model_validator(mode="after")
    def _cases_are_kept_until_counted(self) -> Self:
        longest = self.dispute_spans[-1]
        if self.dispute_months <= longest:
            raise ValueError(
                Sentence(
                    "EVERYCELL_DISPUTE_MONTHS: cases are removed {months} months after they were closed, and those"
                    " of the longest of EVERYCELL_DISPUTE_PERIODS are counted when it is over: keep them a month"
                    " longer than that, or count by a shorter period",
                    months=self.dispute_months,
                )
            )
        return self

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://")
        if parts.scheme != "https" and not (
            parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
        ):
            raise ValueError(Sentence("must be an https address: whoever is on the way could sign in as anybody"))
        return value

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        wanted = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_mapping")
        missing = [f"EVERYCELL_{name.upper()}" for name in wanted if getattr(self, name) is None]
        if 0 < len(missing) < len(wanted):
            raise ValueError(
                Sentence("{settings}: sign-in by OpenID Connect needs this too", settings=", ".join(missing))
            )
        return self

    @model_validator(mode="after")
    def _grades_rise(self) -> Self:
        if not self.work_left_2_percent < self.work_left_3_percent < self.work_left_4_percent:
            raise ValueError(Sentence("EVERYCELL_WORK_LEFT_2_PERCENT, _3_ and _4_ must rise from one to the next"))
        return self

    @property
    def work_left_steps(self) -> tuple[float, float, float]:
        """The shares of overdue households (percent) from which cells have grades 2, 3 and 4."""
        return self.work_left_2_percent, self.work_left_3_percent, self.work_left_4_percent

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days are counted."""
        return ZoneInfo(self.timezone)

    @property
    def dispute_spans(self) -> tuple[Span, ...]:
        """The lengths of period for which cases of counties, towns, villages and cells are counted, in this order."""
        return spans_of(self.dispute_periods)

    def visits_kept_from(self, today: date) -> date:
        """The oldest day whose visits are kept: the same day of the month, `visit_months` ago, or the last there is."""
        return _months_before(today, self.visit_months)

    def plans_bare_from(self, today: date) -> date:
        """Of plans of patrols before this day it is not kept any more which households were meant and ticked."""
        return today - timedelta(days=self.patrol_days)

    def visits_taken_from(self, today: date) -> date:
        """The oldest day of which visits are taken: one later than they are kept, so that none is removed while the
        same visit, sent again, is on its way in."""
        return self.visits_kept_from(today) + timedelta(days=1)

    def disputes_kept_from(self, today: date) -> date:
        """Cases that ended before this day are removed; one that was reported before it is not taken any more."""
        return _months_before(today, self.dispute_months)


def _months_before(today: date, months: int) -> date:
    """The same day of the month, so many months ago, or the last there is."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once. Raises BadInput for those that cannot be used, each with its name."""
    try:
        return Settings()
    except ValidationError as error:
        raise BadInput(joined(_about(each["loc"], invalid(each)) for each in error.errors())) from None


def _about(where: Sequence[int | str], wrong: Sentence) -> Sentence:
    """What is wrong, after the setting that it is about; alone where it is about several and names them."""
    if not where:
        return wrong
    name, *parts = map(str, where)
    variable = name if name.isupper() else f"EVERYCELL_{name.upper()}"
    return Sentence("{field}: {wrong}", field=".".join([variable, *parts]), wrong=wrong)
