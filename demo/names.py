"""Invented people: names and addresses drawn from lists by a seeded generator."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple

FIRST_NAMES: Final = (
    "Anna Ben Clara David Elif Felix Greta Hannes Ida Jonas Katharina Leon Maria Noah Olga Paul "
    "Rana Samuel Tessa Uwe Vera Wiebke Yusuf Zoe Amira Bruno Carla Dario Emil Frieda Georg Helene "
    "Ilja Johanna Kemal Lina Mats Nele Oskar Pia Ruben Svenja Theo Ulrike Viktor Lea Marek Nadine"
).split()
LAST_NAMES: Final = (
    "Albrecht Becker Castell Demir Engel Fischer Graf Hoffmann Ivanov Jansen Keller Lehmann Meyer "
    "Neumann Otto Peters Quandt Richter Schmidt Thiele Ullrich Vogel Wagner Yilmaz Zimmermann "
    "Adler Brandt Conrad Dietrich Ebert Franke Gerlach Heinrich Jung Kaya Lorenz Moser Nowak Pohl "
    "Reuter Sander Tietz Voss Winter Berger Hartmann Kramer Seidel "
).split()
STREETS: Final = (
    "Ahornweg Bahnhofstraße Gartenstraße Goethestraße Hauptstraße Kastanienallee Lindenstraße "
    "Mozartstraße Parkstraße Ringstraße Schillerstraße Talstraße Uferweg Waldstraße"
).split()
TOWNS: Final = (
    ("01067", "Dresden"),
    ("04109", "Leipzig"),
    ("10115", "Berlin"),
    ("20095", "Hamburg"),
    ("24103", "Kiel"),
    ("28195", "Bremen"),
    ("30159", "Hannover"),
    ("34117", "Kassel"),
    ("39104", "Magdeburg"),
    ("44135", "Dortmund"),
    ("50667", "Köln"),
    ("55116", "Mainz"),
    ("60311", "Frankfurt am Main"),
    ("66111", "Saarbrücken"),
    ("70173", "Stuttgart"),
    ("79098", "Freiburg"),
    ("80331", "München"),
    ("90402", "Nürnberg"),
    ("93047", "Regensburg"),
    ("99084", "Erfurt"),
)
MAIL_DOMAIN: Final = "pari.example"
_ADULT: Final = timedelta(days=366 * 19)
_YEARS: Final = 45


class Person(NamedTuple):
    """Who someone is, on paper."""

    first_name: str
    last_name: str
    email: str
    date_of_birth: date
    street: str
    postcode: str
    city: str
    phone: str

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


def person(rng: Random, number: int, *, on: date) -> Person:
    """An adult on the day `on`; `number` keeps the address unique."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    postcode, city = rng.choice(TOWNS)
    return Person(
        first_name=first,
        last_name=last,
        email=f"{_plain(first)}.{_plain(last)}.{number}@{MAIL_DOMAIN}",
        date_of_birth=on - _ADULT - timedelta(days=rng.randrange(365 * _YEARS)),
        street=f"{rng.choice(STREETS)} {rng.randint(1, 120)}",
        postcode=postcode,
        city=city,
        phone=f"+49 30 {rng.randint(1_000_000, 9_999_999)}",
    )


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
