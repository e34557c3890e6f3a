"""Only what the provider signed just now is believed."""

import hashlib
import hmac

import pytest
import stripe

from payments.signatures import TOLERANCE_SECONDS, BadSignature, check_signature

NOW = 1_767_600_000
BODY = b'{"id": "evt_1", "object": "event", "data": {"object": {"id": "pi_1"}}}'
SECRET, OLDER = "whsec_new", "whsec_old"


def signed(body: bytes = BODY, *, secret: str = SECRET, at: int = NOW, scheme: str = "v1") -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},{scheme}={digest}"


def accepts(header: str, body: bytes = BODY, now: float = NOW) -> bool:
    try:
        check_signature(body, header, secrets=[SECRET, OLDER], now=now)
    except BadSignature:
        return False
    return True


def test_the_providers_own_signature_is_accepted():
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, NOW)
    assert accepts(header)


def test_either_of_two_secrets_will_do_while_they_are_changed():
    assert accepts(signed(secret=OLDER))
    assert not accepts(signed(secret="whsec_third"))


def test_one_good_signature_among_several_is_enough():
    good = signed().partition(",")[2]
    assert accepts(f"t={NOW},v1={'0' * 64},{good}")


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1, 3600, -86400])
def test_an_old_signature_and_one_from_the_future_are_refused(seconds):
    assert not accepts(signed(at=NOW + seconds))


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, TOLERANCE_SECONDS, 0])
def test_clocks_may_differ_by_five_minutes(seconds):
    assert accepts(signed(at=NOW + seconds))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "nonsense",
        f"t={NOW}",
        f"v1={'a' * 64}",
        f"t={NOW},v1=",
        signed(scheme="v0"),
        signed().replace("t=", "t=x"),
        signed().upper(),
        f"t={NOW},{signed()}",
        signed().replace(str(NOW), "".join(chr(0xFF10 + int(digit)) for digit in str(NOW))),
        signed() + "\x00",
    ],
)
def test_a_header_that_is_not_a_signature_is_refused(header):
    assert not accepts(header)


def test_no_byte_of_header_or_body_may_change():
    header = signed()
    forged = 0
    for place in range(len(header)):
        for letter in "0x,=":
            changed = header[:place] + letter + header[place + 1 :]
            if changed != header:
                forged += 1
                assert not accepts(changed), changed
    for place in range(len(BODY)):
        changed_body = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        forged += 1
        assert not accepts(header, changed_body)
    assert forged > 300
