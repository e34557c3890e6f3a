"""From which network address a request came: part of the proof of a signature."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The sender's address; behind a proxy of ours the one that it appended, "" if there is none.

    What the sender wrote into the header itself stands further left and is not believed.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.REST_FRAMEWORK["NUM_PROXIES"]:
        told = request.META.get("HTTP_X_FORWARDED_FOR", told).rpartition(",")[2].strip()
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
