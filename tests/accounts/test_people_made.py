"""People of the factories have the rows of people whom the services made."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password
from django.db.models import Model

from accounts.models import BankAccount, IdentityCheck, Profile, Role, User
from core.audit import trail
from tests.factories import people

pytestmark = pytest.mark.django_db


def by_services(role: Role, language: str) -> User:
    """Sign up, confirm the address, prove who one is, give a bank account."""
    user = people.person(role, email=f"{role}-by-services@example.org", language=language)
    return people.give_bank_account(people.identify(user))


def rows_of(user: User) -> list[dict[str, Any]]:
    """Everything that is stored of a person; each key by what it names, so that two compare."""
    own: list[Model] = [User.objects.get(pk=user.pk)]
    for model in (EmailAddress, Profile, IdentityCheck, BankAccount):
        own += model.objects.filter(user=user)
    numbers = {str(row.pk): row._meta.label for row in own}
    return [
        {
            field.attname: _named(getattr(row, field.attname), user, numbers)
            for field in row._meta.concrete_fields
            if field.attname not in ("id", "password")
        }
        for row in [*own, *trail(user)]
    ]


def _named(value: Any, user: User, numbers: dict[str, str]) -> Any:
    """A value in which keys, and the words made of the person's, are replaced by what they name."""
    if isinstance(value, dict):
        return {name: _named(one, user, numbers) for name, one in value.items()}
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    if isinstance(value, int):
        return numbers.get(str(value), value)
    return value.replace(user.email, "<email>").replace(str(user.pk), "<person>")


@pytest.mark.parametrize(
    ("role", "make"), [("lender", people.lender), ("borrower", people.borrower)]
)
@pytest.mark.parametrize("language", ["de", "en"])
def test_both_ways_write_the_same_rows(role: str, make: Any, language: str) -> None:
    made, served = make(language=language), by_services(Role(role), language)
    assert rows_of(made) == rows_of(served)
    assert len(rows_of(made)) == 5 + 7
    assert check_password(people.PASSWORD, made.password)


def test_staff_who_only_signed_up_are_the_same_too() -> None:
    served = people.person(Role.STAFF, email="staff@example.org")
    assert rows_of(people.person(Role.STAFF)) == rows_of(served)
