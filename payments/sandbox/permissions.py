"""What a restricted key may change; one whose name tells no role may do everything, as a rule.

The provider's restricted keys name their permissions in its dashboard. Here the name does it:
`rk_test_web_...` opens pages and sets people up, `rk_test_worker_...` also moves money, and
`rk_test_reconciler_...` only reads.
"""

from __future__ import annotations

import re
from typing import Final

from payments.sandbox.errors import ApiError

_ROLE: Final = re.compile(r"^rk_test_([a-z]+)_")
_MOVES_MONEY: Final = ("payment_intents", "payouts", "refunds", "topups", "transfers")
_PART_OF_PATH: Final = 2


def check(key: str, method: str, path: str) -> None:
    """Raise the provider's 403 when a key may not do this."""
    role = _ROLE.match(key)
    if role is None or method == "GET":
        return
    resource = "".join(path.split("/")[_PART_OF_PATH : _PART_OF_PATH + 1])
    if role[1] == "reconciler" or (role[1] == "web" and resource in _MOVES_MONEY):
        raise ApiError(
            403,
            "invalid_request_error",
            f"The provided key '{key[:12]}***' does not have the required permissions for this"
            f" endpoint. Having the 'rak_{resource.rstrip('s')}_write' permission would allow this"
            " request to continue.",
            is_kept=False,
        )
