"""Problem documents also for what never reaches a view of ours: unknown addresses, bad hosts."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from api.errors import MEDIA_TYPE, problem

_PREFIX = "/api/"


class ProblemDocuments:
    """Replaces the pages that Django answers with below /api/ when something is wrong."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let answers pass that are no error, are ours already, or belong to another face."""
        answer = self._get_response(request)
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        if request.path_info.startswith(_PREFIX) and answer.status_code >= 400 and is_page:
            _replace(answer)
        return answer


def _replace(answer: HttpResponse) -> None:
    """Put the problem in the place of the page; the code is the status in words (`not_found`)."""
    status = answer.status_code
    code = HTTPStatus(status).name.lower()
    document = problem(status, code=code, detail=_detail(status))
    answer.content = json.dumps(document).encode()
    answer.headers["Content-Type"] = MEDIA_TYPE
    answer.headers["Content-Length"] = str(len(answer.content))


def _detail(status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return _("There is nothing at this address.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("Something went wrong on our side. Nothing was changed.")
    return _("This request cannot be understood.")
