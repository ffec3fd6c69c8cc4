"""Words of closed lists where people read them: levels, lengths of period, states, why a stop is left out."""

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
        # why a stop is proposed, and what became of it
        Sentence("picked"),
        Sentence("missed"),
        Sentence("never_reached"),
        Sentence("overdue"),
        Sentence("check_due"),
        Sentence("revisit_due"),
        Sentence("done"),
        Sentence("no_answer"),
        Sentence("skipped"),
        Sentence("never_ticked"),
        Sentence("open"),
        Sentence("left_out"),
        # travel
        Sentence("foot"),
        Sentence("car"),
        # what files hold, and tables
        Sentence("divisions"),
        Sentence("cells"),
        Sentence("households"),
        Sentence("visits"),
        Sentence("sites"),
        Sentence("disputes"),
        Sentence("division"),
        Sentence("household"),
        Sentence("visit"),
        Sentence("site"),
        Sentence("dispute"),
        Sentence("street"),
        Sentence("doorplate"),
        Sentence("outline"),
        Sentence("histogram"),
        Sentence("case_release"),
        Sentence("case_figure"),
        # what an OpenStreetMap extract holds
        Sentence("buildings"),
        Sentence("doorplates"),
        Sentence("not_dwellings"),
        Sentence("outside"),
        Sentence("broken"),
        Sentence("unclear_flats"),
        Sentence("address_nodes_without_building"),
        Sentence("sites_outside_or_repeated"),
        Sentence("streets"),
        Sentence("streets_outside"),
        Sentence("streets_broken"),
        Sentence("ways"),
        Sentence("ferries"),
        Sentence("barriers"),
        Sentence("turns"),
        Sentence("turns_conditional"),
        Sentence("turns_not_for_cars"),
        Sentence("turns_without_streets"),
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
