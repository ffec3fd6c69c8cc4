"""One frozen Settings, read from the environment (prefix EVERYCELL_) and from nothing else."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an administrator may set. `EVERYCELL_HOME=/srv/everycell everycell serve`."""

    model_config = SettingsConfigDict(env_prefix="EVERYCELL_", frozen=True, extra="ignore")

    home: Path = Field(Path(".everycell"), description="data folder: private cluster, logs, rejects")
    database_url: Annotated[
        str | None,
        Field(
            validation_alias=AliasChoices("DATABASE_URL", "database_url"),
            description="use this PostGIS instead of the private cluster; nothing is started then",
        ),
    ] = None
    timezone: str = Field("Asia/Shanghai", description="in which a visit's instant becomes a day")
    interval_days: int = Field(90, ge=1, le=3650, description="visit interval of a household where none is given")
    due_soon_days: int = Field(14, ge=0, le=365, description="a household due within so many days is 'due soon'")
    visit_max_age_days: int = Field(731, ge=1, description="older visits are refused")
    base_map_url: str | None = Field(None, description="XYZ or WMTS template of a base map on the closed network")
    base_map_attribution: str = Field("", description="shown with the base map")
    pool_size: int = Field(8, ge=1, le=100, description="database connections a worker keeps")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        ZoneInfo(value)
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days are counted."""
        return ZoneInfo(self.timezone)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
