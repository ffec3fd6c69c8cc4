"""What `everycell doctor` says."""

from __future__ import annotations

from dataclasses import dataclass

from gis.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is a statement for a superuser (or a command), empty where all is well."""

    subject: str
    ok: bool
    told: Sentence
    remedy: str = ""
