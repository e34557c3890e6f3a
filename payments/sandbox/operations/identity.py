"""Verification sessions: a page on which someone proves who they are."""

from __future__ import annotations

from datetime import date
from typing import Any

from payments.sandbox import clock, events
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.ids import new_id
from payments.sandbox.operations.checkout import page
from payments.sandbox.store import Record, Work


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST identity/verification_sessions."""
    if params.get("type") != "document":
        raise bad_parameter("Only type `document` is held here.", param="type")
    data = {
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": f"vs_{new_id('request')[4:]}_secret",
        "last_error": None,
        "last_verification_report": None,
        "metadata": params.get("metadata", {}),
        "options": params.get("options", {}),
        "provided_details": params.get("provided_details"),
        "redaction": None,
        "related_customer": params.get("related_customer"),
        "status": "requires_input",
        "type": "document",
        "url": None,
        "verified_outputs": None,
    }
    session = work.add("identity.verification_session", data)
    address = params.get("return_url", "http://localhost/")
    work.change(session, url=page(address, "identity", session.id))
    work.hide(session, return_url=address)
    events.emit(work, "identity.verification_session.created", session)
    return session


def retrieve(work: Work, params: dict[str, Any], session_id: str) -> Record:
    """GET identity/verification_sessions/{id}; outputs are shown only when asked for."""
    return work.find(session_id, "identity.verification_session", param="session")


def cancel(work: Work, params: dict[str, Any], session_id: str) -> Record:
    """POST identity/verification_sessions/{id}/cancel."""
    session = work.find(session_id, "identity.verification_session", param="session")
    if session.data["status"] != "requires_input":
        raise invalid("Only a session that requires input can be canceled.")
    work.change(session, status="canceled", url=None, client_secret=None)
    events.emit(work, "identity.verification_session.canceled", session)
    return session


def redact(work: Work, params: dict[str, Any], session_id: str) -> Record:
    """POST identity/verification_sessions/{id}/redact: what was shown is deleted, at once here."""
    session = work.find(session_id, "identity.verification_session", param="session")
    if session.data["status"] not in ("requires_input", "verified", "canceled"):
        raise invalid("You cannot redact a session while it is being processed.")
    if session.data["status"] == "requires_input":
        work.change(session, status="canceled", url=None, client_secret=None)
    work.change(
        session,
        redaction={"status": "redacted"},
        provided_details=None,
        metadata={},
        last_error=None,
    )
    work.hide(session, verified_outputs=None)
    events.emit(work, "identity.verification_session.redacted", session)
    return session


def show_document(
    work: Work,
    session: Record,
    *,
    first_name: str,
    last_name: str,
    born_on: date,
    refusal: str,
) -> None:
    """Someone shows a document on the page; `refusal` is an error code, or empty if it is good."""
    if session.data["status"] != "requires_input":
        raise invalid("This verification is no longer open.")
    if refusal:
        error = {"code": refusal, "reason": "The document could not be accepted."}
        work.change(session, last_error=error)
        events.emit(work, "identity.verification_session.requires_input", session)
        return
    work.change(session, status="processing", url=None, client_secret=None, last_error=None)
    events.emit(work, "identity.verification_session.processing", session)
    born = {"day": born_on.day, "month": born_on.month, "year": born_on.year}
    work.hide(
        session,
        verified_outputs={
            "address": None,
            "dob": born,
            "first_name": first_name,
            "last_name": last_name,
        },
    )
    work.schedule("verify_identity", session, work.now)


def verify(work: Work, session: Record) -> None:
    """The document was good."""
    if session.data["status"] == "processing":
        report = f"vr_{clock.seconds(work.now)}{session.id[-8:]}"
        work.change(session, status="verified", last_verification_report=report)
        events.emit(work, "identity.verification_session.verified", session)
