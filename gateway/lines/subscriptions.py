"""What a broker session is subscribed to, and what it is to be: the difference is asked for, the rest is left alone."""

from collections.abc import Iterable


class Subscriptions:
    """Of one connection. Topic filters; message ids (mid) of the requests that the broker has not answered."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._given_up: set[str] = set()
        self._pending: dict[int, tuple[str, ...]] = {}

    def missing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """What is to be subscribed to."""
        return tuple(sorted(set(wanted) - self._asked))

    def surplus(self, wanted: Iterable[str], left: Iterable[str]) -> list[str]:
        """What is to be unsubscribed from; `left` may stand in the broker's memory from an earlier connection."""
        return sorted((self._asked | set(left)) - set(wanted) - self._given_up)

    def ask(self, mid: int, filters: tuple[str, ...]) -> None:
        """These were asked for."""
        self._pending[mid] = filters
        self._asked.update(filters)
        self._given_up.difference_update(filters)

    def give_up(self, filters: Iterable[str]) -> None:
        """These were unsubscribed from."""
        self._asked.difference_update(filters)
        self._given_up.update(filters)

    def answered(self, mid: int) -> tuple[str, ...]:
        """The filters of a request that the broker has answered."""
        return self._pending.pop(mid, ())

    @property
    def settled(self) -> bool:
        """Every request was answered."""
        return not self._pending
