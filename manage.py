#!/usr/bin/env python3
"""The terminal's way in; brings up embedded servers for commands that need some."""

import os
import sys

from django.core.management import execute_from_command_line

from config import embedded
from config.env import ConfigurationError

# These read and write files only.
WITHOUT_SERVERS = frozenset(
    {
        "",
        "--help",
        "--version",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "evaluate_scorecard",
        "findstatic",
        "help",
        "makemessages",
        "match",
        "spectacular",
        "train_scorecard",
        "version",
    }
)

# Whose keys at the provider a command uses; any other has the worker's.
ROLES = {"reconcile": "reconciler", "runserver": "web", "verify_money": "reconciler"}


def needs_servers(arguments: list[str]) -> bool:
    """Say whether the command line asks for a database or a broker."""
    command, *options = arguments or [""]
    if {"--help", "-h"} & set(options):
        return False
    if command == "check":
        return any(option.startswith("--database") for option in options)
    return command not in WITHOUT_SERVERS


def main() -> None:
    """Run the command that the command line names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ.setdefault("PARI_ENV", "demo")
    if role := ROLES.get("".join(sys.argv[1:2])):
        os.environ.setdefault("PARI_ROLE", role)
    try:
        if needs_servers(sys.argv[1:]):
            embedded.ensure()
        execute_from_command_line(sys.argv)
    except (ConfigurationError, embedded.EmbeddedError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
