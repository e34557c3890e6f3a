"""What the demo's borrowers write: a title and a few sentences for each purpose, in German."""

from __future__ import annotations

from random import Random
from typing import Final

_STORIES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "debt_consolidation": (
        (
            "Drei Kredite zu einem machen",
            "Ich möchte drei laufende Kredite mit verschiedenen Terminen ablösen und künftig nur "
            "noch eine Rate zahlen. Das senkt meine Zinsen und ich behalte den Überblick.",
        ),
        (
            "Umschuldung mit festem Ende",
            "Mein alter Ratenkredit ist teuer geworden. Mit diesem Kredit löse ich ihn ab und weiß "
            "genau, in welchem Monat ich schuldenfrei bin.",
        ),
        (
            "Aufräumen in den Finanzen",
            "Nach einem Umzug hatte sich einiges angesammelt. Ich verdiene regelmäßig und will die "
            "Reste in einem Schritt ablösen.",
        ),
    ),
    "credit_card": (
        (
            "Dispo ablösen",
            "Mein Dispo liegt seit dem Sommer im Minus und kostet mich jeden Monat zu viel. Ich "
            "möchte ihn ausgleichen und danach kündigen.",
        ),
        (
            "Kreditkarte zurückzahlen",
            "Die Karte ist nach einer größeren Reparatur voll. Mit festen Raten zahle ich sie "
            "planbar zurück.",
        ),
    ),
    "home_improvement": (
        (
            "Neues Bad",
            "Unser Bad ist von 1984. Die Angebote von zwei Handwerksbetrieben liegen vor, im "
            "Frühjahr soll es losgehen.",
        ),
        (
            "Fenster und Dämmung",
            "Wir tauschen die alten Fenster und dämmen das Dach. Die Heizkosten sinken spürbar.",
        ),
        (
            "Neue Küche",
            "Die Küche wird nach zwanzig Jahren erneuert; einen Teil zahle ich aus Erspartem.",
        ),
    ),
    "major_purchase": (
        (
            "Werkstatt-Ausrüstung",
            "Ich kaufe eine gebrauchte Maschine für meine Werkstatt. Ein Drittel ist angespart.",
        ),
        (
            "Klavier",
            "Unsere Tochter spielt seit sechs Jahren und braucht ein eigenes Instrument.",
        ),
    ),
    "house": (
        (
            "Nebenkosten beim Hauskauf",
            "Der Kaufvertrag ist unterschrieben, die Bank finanziert den Preis. Für Notar und "
            "Grundbuch fehlt noch dieser Betrag.",
        ),
    ),
    "medical": (
        (
            "Zahnbehandlung",
            "Meine Kasse übernimmt nur einen Teil der Implantate. Den Rest möchte ich in Raten "
            "zahlen.",
        ),
        (
            "Augenoperation",
            "Nach langer Überlegung lasse ich meine Augen operieren. Der Termin steht.",
        ),
    ),
    "car": (
        (
            "Gebrauchter Kombi",
            "Mein Auto hat den TÜV nicht mehr bestanden. Ich brauche es für den Weg zur Arbeit und "
            "habe einen drei Jahre alten Kombi gefunden.",
        ),
        (
            "Elektroauto für die Familie",
            "Wir steigen auf ein gebrauchtes Elektroauto um und laden zu Hause.",
        ),
    ),
    "small_business": (
        (
            "Lastenrad für mein Café",
            "Ich liefere mittags im Viertel aus und möchte das mit einem eigenen Lastenrad tun.",
        ),
        (
            "Nähmaschinen für das Atelier",
            "Die Aufträge sind da, die Maschinen reichen nicht. Zwei gebrauchte Industrienäh"
            "maschinen bringen mich weiter.",
        ),
    ),
    "vacation": (
        (
            "Große Reise mit den Eltern",
            "Zum siebzigsten Geburtstag meines Vaters reisen wir gemeinsam in sein Geburtsland.",
        ),
    ),
    "moving": (
        (
            "Umzug in eine neue Stadt",
            "Ich trete eine neue Stelle an. Kaution, Umzugswagen und die ersten Möbel kommen auf "
            "einmal.",
        ),
    ),
    "renewable_energy": (
        (
            "Solaranlage auf dem Carport",
            "Die Anlage deckt im Sommer unseren Strom. Das Angebot liegt vor.",
        ),
    ),
    "other": (
        (
            "Weiterbildung",
            "Ich mache berufsbegleitend meinen Meister. Die Gebühren sind am Anfang fällig.",
        ),
        (
            "Familienfeier",
            "Wir feiern die goldene Hochzeit der Großeltern und teilen uns die Kosten.",
        ),
        (
            "Neue Heizung, Eigenanteil",
            "Der Vermieter und ich teilen uns die Kosten der neuen Therme in meiner Wohnung.",
        ),
    ),
}


def story(purpose: str, rng: Random) -> tuple[str, str]:
    """A title and a text that fit the purpose."""
    return rng.choice(_STORIES.get(purpose, _STORIES["other"]))
