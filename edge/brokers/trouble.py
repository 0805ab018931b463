"""What goes wrong with the broker."""


class BrokerError(Exception):
    """There is no broker to work with; the message says what to do about it."""
