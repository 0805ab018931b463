"""What the numbers mean with which a broker answers (MQTT 5 reason codes; the library spells those of 3.1.1 alike)."""

REFUSALS = {132: "protocol", 133: "client_id", 134: "credentials", 135: "credentials", 136: "unavailable"}
"""To CONNECT."""
UNDERSTOOD = frozenset({"credentials", "client_id", "unavailable"})
"""Refusals of a broker that speaks our version."""
DOES_NOT_KNOW = frozenset({"protocol", "timeout"})
"""What a broker does with a CONNECT of a version it does not know: it says so, or nothing at all."""
OLD = 4
"""MQTT 3.1.1."""
KEEPALIVE_TIMEOUT = 141
_NOBODY, _FIRST_FAILURE, _NOT_AUTHORIZED = 16, 128, 135


def order_refusal(code: int) -> str | None:
    """Why an order was not taken; None: it was, as far as the broker says (3.1.1 knows no other answer)."""
    if code == _NOBODY:
        return "nobody_listens"
    if code < _FIRST_FAILURE:
        return None
    return "not_allowed" if code == _NOT_AUTHORIZED else "broker_refused"


class Speech:
    """Which version of MQTT to speak: the wanted one, and 3.1.1 with a broker that shows not to know it.

    Each connection begins with the wanted one again: a broker may only have been busy, or is another one now.
    """

    def __init__(self, wanted: int) -> None:
        self.version = self._wanted = wanted
        self._hung_up = 0

    def failed(self, cause: str) -> None:
        """No connection came about. Who hangs up without a word may have been killed: that counts the second time."""
        if self.version != self._wanted:
            self.ended()
            return
        self._hung_up += 1
        if cause in DOES_NOT_KNOW or (cause not in UNDERSTOOD and self._hung_up > 1):
            self.version = OLD

    def ended(self) -> None:
        """A connection has ended."""
        self.version, self._hung_up = self._wanted, 0
