"""A quick hash for people who do not exist: the demo prints their password on the screen."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class DemoPasswordHasher(Argon2PasswordHasher):
    """Argon2 with so little work that two hundred people sign up in a moment."""

    algorithm = "argon2demo"
    time_cost = 1
    memory_cost = 256
    parallelism = 1
