"""Refusals of this package that a caller can act on."""


class UnknownProfile(LookupError):  # noqa: N818  a refusal in the field's own words
    """No profile of that id is known."""


class NotSupported(ValueError):  # noqa: N818  a refusal in the field's own words
    """The device cannot be told that. `reason` is a code: read_only, unknown_point, unknown_device, value, range."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
