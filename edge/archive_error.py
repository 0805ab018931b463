"""Why a backup failed."""


class ArchiveError(Exception):
    """The backup cannot be made or used; the message says why and what to do."""
