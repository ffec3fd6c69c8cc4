"""Words of closed lists, where they stand in sentences: levels, lengths of period, states, why a stop is left out."""

from __future__ import annotations

from typing import Final

from gis.sentence import Sentence

_WORDS: Final = {
    str(each): each
    for each in (
        # levels
        Sentence("county"),
        Sentence("town"),
        Sentence("village"),
        Sentence("cell"),
        # lengths of period
        Sentence("month"),
        Sentence("quarter"),
        Sentence("year"),
        # change sets
        Sentence("draft"),
        Sentence("scheduled"),
        Sentence("published"),
        Sentence("abandoned"),
        # plans of patrols
        Sentence("planning"),
        Sentence("planned"),
        Sentence("failed"),
        Sentence("cancelled"),
        # cases
        Sentence("registered"),
        Sentence("accepted"),
        Sentence("not_accepted"),
        Sentence("in_mediation"),
        Sentence("agreed_oral"),
        Sentence("agreed_written"),
        Sentence("not_agreed"),
        Sentence("referred"),
        Sentence("performed"),
        Sentence("closed"),
        Sentence("reopened"),
        # why a stop is in no route
        Sentence("too_far"),
        Sentence("no_way"),
        Sentence("skills"),
        Sentence("window"),
        Sentence("shift"),
        Sentence("full"),
        Sentence("displaced"),
        Sentence("capacity"),
        Sentence("balance"),
        Sentence("removed"),
        # travel
        Sentence("foot"),
        Sentence("car"),
        # roles
        Sentence("wall"),
        Sentence("operator"),
        Sentence("patrol_leader"),
        Sentence("editor"),
        Sentence("admin"),
    )
}


def word(value: str) -> Sentence:
    """A word of a closed list as a part of a sentence. Raises KeyError for one that is not listed here."""
    return _WORDS[value]
