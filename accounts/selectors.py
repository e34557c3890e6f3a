"""Reads about people; each takes the person whom it is about."""

from __future__ import annotations

from typing import Final, Literal

from accounts.models import BankAccount, BankStatus, CheckStatus, IdentityCheck, Profile, User

Step = Literal["profile", "identity", "bank_account"]
STEPS: Final[tuple[Step, ...]] = ("profile", "identity", "bank_account")


def profile_of(user: User) -> Profile | None:
    """What the person told, or None while nothing was told."""
    return Profile.objects.filter(user=user).first()


def is_identified(user: User) -> bool:
    """Whether the provider verified who this is."""
    return IdentityCheck.objects.filter(user=user, status=CheckStatus.VERIFIED).exists()


def latest_identity_check(user: User) -> IdentityCheck | None:
    """The check that counts: the verified one, else the newest."""
    checks = IdentityCheck.objects.filter(user=user)
    verified = checks.filter(status=CheckStatus.VERIFIED).first()
    return verified or checks.order_by("-started_at", "-id").first()


def active_bank_account(user: User) -> BankAccount | None:
    """The account that money goes to and comes from, or None."""
    return BankAccount.objects.filter(user=user, status=BankStatus.ACTIVE).first()


def latest_bank_account(user: User) -> BankAccount | None:
    """The active account, else the newest one given, else None."""
    newest = BankAccount.objects.filter(user=user).order_by("-created_at", "-id").first()
    return active_bank_account(user) or newest


def had_bank_account(user: User) -> bool:
    """Whether an account of this person was ever in use, so that another one is a change."""
    used = (BankStatus.ACTIVE, BankStatus.INACTIVE)
    return BankAccount.objects.filter(user=user, status__in=used).exists()


def missing_steps(user: User) -> list[Step]:
    """What the person has yet to do before money may move, in order."""
    done: dict[Step, bool] = {
        "profile": profile_of(user) is not None,
        "identity": is_identified(user),
        "bank_account": active_bank_account(user) is not None,
    }
    return [step for step in STEPS if not done[step]]
