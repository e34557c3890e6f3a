"""Sign-up, profile, identity check and bank account: the deed, the refusal, the second time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress

from accounts import selectors, services
from accounts.errors import AlreadyVerified, EmailTaken, ProfileLocked, TooYoung
from accounts.models import BankAccount, BankStatus, CheckStatus, Role, User
from core import audit
from core.errors import InvalidInput, NotFound
from tests.factories import people
from tests.factories.people import AT, PASSWORD, profile_data

pytestmark = pytest.mark.django_db


def test_register_makes_a_person_with_a_role_and_an_unconfirmed_address() -> None:
    user = services.register(
        email="Jana@Example.org", password=PASSWORD, role=Role.LENDER, language="de", at=AT
    )
    assert (user.email, user.role, user.language) == ("jana@example.org", "lender", "de")
    assert (user.date_joined, user.is_staff, user.check_password(PASSWORD)) == (AT, False, True)
    assert not EmailAddress.objects.get(user=user, primary=True).verified
    assert [row.action for row in audit.trail(user)] == ["registered"]


def test_an_address_signs_up_once_whatever_its_case() -> None:
    people.person(Role.LENDER, email="one@example.org")
    with pytest.raises(EmailTaken) as refusal:
        people.person(Role.BORROWER, email="ONE@example.org")
    assert refusal.value.field == "email"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"password": "12345"}, "password"),
        ({"role": "king"}, "role"),
        ({"language": "xx"}, "language"),
    ],
)
def test_register_names_the_field_that_is_wrong(changed: dict[str, str], field: str) -> None:
    told = {"email": "a@example.org", "password": PASSWORD, "role": "lender", "language": "de"}
    with pytest.raises(InvalidInput) as refusal:
        services.register(**(told | changed), at=AT)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_staff_stands_on_neither_side() -> None:
    user = people.person(Role.STAFF)
    assert (user.is_staff, user.is_borrower, user.is_lender) == (True, False, False)


def test_confirming_an_address_marks_it_verified() -> None:
    user = people.person(Role.LENDER)
    assert EmailAddress.objects.get(user=user).verified


def test_a_language_is_one_of_ours() -> None:
    user = people.person(Role.LENDER, language="en")
    services.choose_language(user=user, language="de")
    assert User.objects.get(pk=user.pk).language == "de"
    with pytest.raises(InvalidInput):
        services.choose_language(user=user, language="fr")


def test_a_profile_is_tidied_and_may_be_corrected() -> None:
    user = people.person(Role.LENDER)
    services.save_profile(user=user, data=profile_data(city="  Bad   Homburg "), at=AT)
    services.save_profile(user=user, data=profile_data(city="Köln", postcode="50667"), at=AT)
    profile = selectors.profile_of(user)
    assert profile is not None
    assert (profile.full_name, profile.city) == ("Jana Sommer", "Köln")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_name": "  "}, "first_name"),
        ({"postcode": "1234"}, "postcode"),
        ({"postcode": "12345", "country": "AT"}, "postcode"),
        ({"country": "US"}, "country"),
        ({"phone": "call me"}, "phone"),
        ({"date_of_birth": None}, "date_of_birth"),
        ({"date_of_birth": date(1850, 1, 1)}, "date_of_birth"),
        ({"street": "x" * 121}, "street"),
    ],
)
def test_a_profile_names_the_field_that_is_wrong(changes: dict[str, object], field: str) -> None:
    user = people.person(Role.LENDER)
    with pytest.raises(InvalidInput) as refusal:
        services.save_profile(user=user, data=profile_data(**changes), at=AT)
    assert refusal.value.field == field
    assert selectors.profile_of(user) is None


def test_nobody_under_eighteen_gets_a_profile() -> None:
    user = people.person(Role.BORROWER)
    birthday = date(2008, 1, 5)  # turns 18 on the very day
    services.save_profile(user=user, data=profile_data(date_of_birth=birthday), at=AT)
    day_later = profile_data(date_of_birth=birthday + timedelta(days=1))
    with pytest.raises(TooYoung):
        services.save_profile(user=user, data=day_later, at=AT)


def test_a_verified_name_stays_while_the_address_may_move() -> None:
    user = people.identify(people.person(Role.BORROWER))
    named = f"Sommer {user.pk}"
    services.save_profile(user=user, data=profile_data(last_name=named, city="Bonn"), at=AT)
    with pytest.raises(ProfileLocked):
        services.save_profile(user=user, data=profile_data(last_name="Winter"), at=AT)


def test_an_identity_is_verified_once_and_stays_so() -> None:
    user = people.person(Role.BORROWER)
    first = services.start_identity_check(user=user, provider_id="vs_1", at=AT)
    assert services.start_identity_check(user=user, provider_id="vs_1", at=AT) == first
    for status in (CheckStatus.PROCESSING, CheckStatus.VERIFIED, CheckStatus.VERIFIED):
        services.finish_identity_check(provider_id="vs_1", status=status, at=AT)
    services.finish_identity_check(provider_id="vs_1", status=CheckStatus.FAILED, at=AT)
    assert selectors.is_identified(user)
    assert [row.after for row in audit.trail(user) if row.action == "identity"] == [
        "processing",
        "verified",
    ]
    with pytest.raises(AlreadyVerified):
        services.start_identity_check(user=user, provider_id="vs_2", at=AT)


def test_a_failed_check_may_be_tried_again() -> None:
    user = people.person(Role.BORROWER)
    services.start_identity_check(user=user, provider_id="vs_1", at=AT)
    services.finish_identity_check(
        provider_id="vs_1", status=CheckStatus.FAILED, failure_code="document_expired", at=AT
    )
    assert not selectors.is_identified(user)
    second = services.start_identity_check(
        user=user, provider_id="vs_2", at=AT + timedelta(hours=1)
    )
    assert selectors.latest_identity_check(user) == second


def test_news_of_an_unknown_check_is_refused() -> None:
    with pytest.raises(NotFound):
        services.finish_identity_check(provider_id="vs_?", status=CheckStatus.VERIFIED, at=AT)


def test_a_new_bank_account_takes_the_place_of_the_old() -> None:
    user = people.give_bank_account(people.person(Role.LENDER))
    old = selectors.active_bank_account(user)
    people.give_bank_account(user, at=AT + timedelta(days=1))
    new = selectors.active_bank_account(user)
    assert old is not None and new is not None and old != new
    assert BankAccount.objects.get(pk=old.pk).status == BankStatus.INACTIVE
    assert new.mandate_accepted_at == AT + timedelta(days=1)


def test_activating_twice_changes_nothing_more() -> None:
    user = people.give_bank_account(people.person(Role.LENDER))
    account = selectors.active_bank_account(user)
    assert account is not None
    before = len(audit.trail(user))
    services.activate_bank_account(bank_account_id=account.pk, at=AT)
    assert len(audit.trail(user)) == before


def test_a_refused_bank_account_is_not_used() -> None:
    user = people.person(Role.LENDER)
    account = services.set_bank_account(user=user, holder_name="J", iban_masked="DE**", at=AT)
    services.fail_bank_account(bank_account_id=account.pk, reason="invalid_account", at=AT)
    assert selectors.active_bank_account(user) is None
    assert selectors.latest_bank_account(user) == account
    with pytest.raises(NotFound):
        services.fail_bank_account(bank_account_id=account.pk + 1, at=AT)


def test_missing_steps_shrink_as_they_are_done() -> None:
    user = people.person(Role.BORROWER)
    assert selectors.missing_steps(user) == ["profile", "identity", "bank_account"]
    people.identify(user)
    assert selectors.missing_steps(user) == ["bank_account"]
    people.give_bank_account(user)
    assert selectors.missing_steps(user) == []


def test_a_lender_of_the_factory_holds_the_cash_given() -> None:
    from ledger.chart import Role as AccountRole
    from ledger.selectors import balance_cents

    user = people.lender(cash_cents=500_00)
    assert balance_cents(AccountRole.CASH, user.pk) == 500_00
