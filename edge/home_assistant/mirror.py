"""What Home Assistant's broker shall hold of ours, and what has to be said so that it does. Pure.

The broker is the memory: documents of ours that it still holds and that nobody wants any more are found when they come
with the subscription, and taken away with their states. So nothing is left over by a restart or a changed house.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from edge.home_assistant.documents import Place

LARGEST_DOCUMENT = 262_144


class Said(NamedTuple):
    """A retained message; an empty payload takes away what is there."""

    topic: str
    payload: bytes


class Mirror:
    """`due()` says what to publish; `published()` that it went out."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._documents: dict[str, dict[str, Any]] = {}
        self._wanted: dict[str, bytes] = {}
        self._told: dict[str, bytes] = {}
        self._news: dict[str, None] = {}  # topics to look at
        self._first: dict[str, bytes] = {}  # what has to go before everything else

    def want_documents(self, documents: Mapping[str, dict[str, Any]]) -> None:
        """These documents, by topic, and no others: those that went away are removed with their states."""
        for topic in self._documents.keys() - documents.keys():
            self._remove(topic, self._documents[topic])
        self._documents = dict(documents)
        for topic, document in documents.items():
            self._first.pop(topic, None)
            self._want(topic, orjson.dumps(document))

    def want_state(self, topic: str, state: Mapping[str, Any]) -> None:
        """This state."""
        self._first.pop(topic, None)
        self._want(topic, orjson.dumps(state))

    def forget(self) -> None:
        """Nobody knows what the broker holds: everything is said again."""
        self._told.clear()
        self._news = dict.fromkeys(self._wanted)

    def heard(self, topic: str, payload: bytes) -> None:
        """A document that the broker holds. One of ours that nobody wants is removed; so are parts it no longer has."""
        document = self._ours(topic, payload)
        if document is None:
            return
        wanted = self._documents.get(topic)
        if wanted is None:
            self._remove(topic, document)
            return
        left_over = {key: _platform(told) for key, told in document["components"].items() if _platform(told)}
        left_over = {key: told for key, told in left_over.items() if key not in wanted["components"]}
        if left_over:
            interim = wanted | {"components": wanted["components"] | left_over}
            self._first[topic] = orjson.dumps(interim)
            self._told.pop(topic, None)
            self._news[topic] = None

    def due(self, most: int) -> list[Said]:
        """What is to be said now, in order: removals and interim documents, documents, states."""
        found = [Said(topic, payload) for topic, payload in self._first.items()]
        topics = [topic for topic in self._news if self._told.get(topic) != self._wanted.get(topic)]
        topics.sort(key=lambda topic: topic not in self._documents)
        found += [Said(topic, self._wanted[topic]) for topic in topics]
        return found[:most]

    def published(self, said: Said) -> None:
        """It went out."""
        if self._first.get(said.topic) == said.payload:
            del self._first[said.topic]
            return
        self._told[said.topic] = said.payload
        if self._wanted.get(said.topic) == said.payload:
            self._news.pop(said.topic, None)

    def _want(self, topic: str, payload: bytes) -> None:
        if self._wanted.get(topic) != payload:
            self._wanted[topic] = payload
            self._news[topic] = None

    def _remove(self, topic: str, document: Mapping[str, Any]) -> None:
        for gone in (topic, str(document["state_topic"])):
            self._first[gone] = b""
            for known in (self._wanted, self._told, self._news):
                known.pop(gone, None)

    def _ours(self, topic: str, payload: bytes) -> dict[str, Any] | None:
        """The document, if it is one of this hotel's."""
        start = f"{self._place.prefix}/device/innkeeper_"
        if not topic.startswith(start) or not payload or len(payload) > LARGEST_DOCUMENT:
            return None
        try:
            document = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return None
        own = f"{self._place.topic}/{self._place.property_id}/"
        whole = isinstance(document, dict) and isinstance(document.get("components"), dict)
        return document if whole and str(document.get("state_topic")).startswith(own) else None


def _platform(told: object) -> dict[str, Any]:
    """All that is said of a part which is to go."""
    platform = told.get("platform") if isinstance(told, dict) else None
    return {"platform": platform} if isinstance(platform, str) else {}


def faults_by(bodies: Iterable[Mapping[str, Any]], subject: str) -> dict[str, list[str]]:
    """Kinds of the faults that stand, by `device` or `room`; "" holds those without."""
    found: dict[str, list[str]] = {}
    for body in bodies:
        found.setdefault(str(body.get(subject) or ""), []).append(str(body["kind"]))
    return found
