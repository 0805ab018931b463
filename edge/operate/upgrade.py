"""`innkeeper upgrade` and `innkeeper rollback`: another release beside the present one, and back if it is not well."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.operate.building import build, digest, version_of
from edge.operate.layout import Layout, OperationError, Release, order
from edge.operate.running import Service
from edge.operate.steps import Steps, call, owner_of

BACKUPS = Path("backups") / "upgrades"
STOPPING = (OperationError, OSError, KeyboardInterrupt)
"""What ends an upgrade in the middle and is undone: it failed, or somebody broke it off."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The backup to go back to, and the schemas it was made with."""

    backup: Path
    secrets: str | None
    schemas: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class WayBack:
    """What a roll back would do. `saved` None: the databases can stay. `unfinished`: of a killed upgrade."""

    current: Release
    target: Release
    saved: Saved | None
    at: str | None
    unfinished: bool = False


class Upgrade:
    """The work over one layout; each step is said."""

    def __init__(self, layout: Layout, service: Service, steps: Steps) -> None:
        self._layout = layout
        self._service = service
        self._steps = steps
        self._user = owner_of(layout)

    def upgrade(self, wheel: Path | None, wheels: Path | None) -> dict[str, Any]:
        """Bring the installation to the release in `wheel`; None: to a copy of what runs this.

        Raises:
            OperationError: it did not succeed; says what runs now.
        """
        if self._layout.unfinished():
            raise OperationError("the last upgrade was broken off in the middle: innkeeper rollback comes first")
        old, new = self._chosen(wheel)
        before, steps = self._service.answer(), self._steps
        there = wheel is not None and new.complete and new.made_of == digest(wheel)
        steps.step(f"release {new.version} beside {old.version}", lambda: build(new, wheel, wheels), needed=not there)
        steps.step(f"the configuration, read by {new.version}", lambda: self.run(new, "check"))
        if steps.dry:
            steps.step("backup, migration, switch, start and health check", lambda: None)
            return {"from": old.version, "to": new.version}
        begun = {"from": old.version, "to": new.version, "at": datetime.now(UTC), "units": self._service.units}
        self._layout.begin(begun)  # before the service is stopped: whoever finds it stopped knows why
        saved = self._stopped_and_saved(old)
        record = {"from": old.version, "at": begun["at"], "backup": saved.backup} | _more(saved)
        try:
            self._layout.begin(begun | record)
            steps.step(f"databases brought to {new.version}", lambda: self.run(new, "migrate"))
            new.remember(record)
            steps.step(f"current -> {new.version}", lambda: self._layout.make_current(new))
            steps.step("started and asked whether it is well", lambda: self._service.prove(new, before))
        except STOPPING as error:
            self._undo(old, new, saved, error)
        self._layout.ended()
        return {"from": old.version, "to": new.version, "backup": saved.backup, "secrets": saved.secrets}

    def way_back(self, to: str | None) -> WayBack:
        """Where a roll back leads.

        Raises:
            OperationError: there is no such release, or no backup for it.
        """
        current = self._layout.current()
        if current is None:
            raise OperationError(f"nothing is installed in {self._layout.prefix}")
        broken_off = self._layout.unfinished()
        if broken_off is not None:
            current, target = (self._layout.release(broken_off[name]) for name in ("to", "from"))
        else:
            target = self._target(current, to)
        record, unfinished = broken_off or self._record(target), broken_off is not None
        if record is None or "backup" not in record:  # killed before there was one: nothing was changed either
            return WayBack(current, target, None, record["at"] if record else None, unfinished)
        saved = Saved(Path(record["backup"]), record["secrets"], record["schemas"])
        if not self._changed(saved):
            return WayBack(current, target, None, record["at"], unfinished)
        if not saved.backup.exists():
            raise OperationError(f"{saved.backup}, made before the upgrade, is gone: without it there is no way back")
        return WayBack(current, target, saved, record["at"], unfinished)

    def lost(self, way: WayBack) -> dict[str, Any]:
        """What a roll back would lose, in the words of `restore --show`; empty when nothing."""
        if way.saved is None:
            return {}
        told: dict[str, Any] = json.loads(self._ours("restore", str(way.saved.backup), "--show", "--json"))
        return told

    def lost_lines(self, way: WayBack) -> list[str]:
        """The same for a person."""
        if way.saved is None:
            return ["nothing is lost: the databases stay as they are"]
        return self._ours("restore", str(way.saved.backup), "--show").splitlines()[:-1]

    def rollback(self, way: WayBack) -> dict[str, Any]:
        """Do it.

        Raises:
            OperationError: it did not succeed; says what runs now.
        """
        before, steps = self._service.answer(), self._steps
        current, target, saved = way.current, way.target, way.saved
        if way.unfinished:
            return self._back_from_the_middle(way)
        safety = self._stopped_and_saved(current)
        try:
            if saved is not None:
                steps.step(
                    f"databases as they were before the upgrade: {saved.backup}", lambda: self._bring(target, saved)
                )
            steps.step(f"the databases, opened by {target.version}", lambda: self.run(target, "migrate"))
            steps.step(f"current -> {target.version}", lambda: self._layout.make_current(target))
            steps.step("started and asked whether it is well", lambda: self._service.prove(target, before))
        except STOPPING as error:
            self._undo(current, target, safety, error)
        return {"from": current.version, "to": target.version, "restored": saved.backup if saved else None} | {
            "backup": safety.backup
        }

    def _back_from_the_middle(self, way: WayBack) -> dict[str, Any]:
        """After a killed upgrade. Nothing is backed up first: the restore puts aside what it replaces."""
        steps, target, saved = self._steps, way.target, way.saved
        steps.step("stopped", self._service.stop)
        stopped = (self._layout.unfinished() or {}).get("units", [])  # by the upgrade
        self._service.units = sorted({*self._service.units, *stopped})
        if saved is not None:
            steps.step(f"databases as they were before the upgrade: {saved.backup}", lambda: self._bring(target, saved))
        steps.step(f"current -> {target.version}", lambda: self._layout.make_current(target))
        self._layout.ended()
        steps.step("started", self._service.start)
        return {"from": way.current.version, "to": target.version, "restored": saved.backup if saved else None}

    def run(self, release: Release, *words: str) -> str:
        """A command of a release over this configuration and data."""
        where = ["--config", str(self._layout.config), "--data", str(self._layout.data)]
        return call([release.program, *words, *where], user=self._user, own=True)

    def schemas(self) -> dict[str, str | None]:
        """Of the databases as they are now."""
        places = [str(self._layout.config), str(self._layout.data)]
        found: dict[str, str | None] = json.loads(
            call([sys.executable, "-m", "edge.operate.look", *places], user=self._user)
        )
        return found

    def _ours(self, *words: str) -> str:
        where = ["--config", str(self._layout.config), "--data", str(self._layout.data)]
        return call([sys.executable, "-m", "edge.cli", *words, *where], user=self._user)

    def _chosen(self, wheel: Path | None) -> tuple[Release, Release]:
        current = self._layout.current()
        if current is None or not current.complete:
            raise OperationError(f"nothing is installed in {self._layout.prefix}: innkeeper install comes first")
        version = version_of(wheel)
        if order(version) <= order(current.version):
            raise OperationError(
                f"{current.version} is installed, {version} is not newer: innkeeper rollback goes back"
            )
        return current, self._layout.release(version)

    def _stopped_and_saved(self, release: Release) -> Saved:
        saved: list[Saved] = []

        def save() -> None:
            folder = self._layout.data / BACKUPS
            told = json.loads(self.run(release, "backup", str(folder), "--json"))
            saved.append(Saved(Path(told["backup"]), told["secrets"], self.schemas()))

        try:
            self._steps.step("stopped", self._service.stop)
            self._steps.step(f"verified backup, made by {release.version}", save)
        except STOPPING:
            self._layout.ended()
            self._service.start()
            raise
        return saved[0]

    def _bring(self, release: Release, saved: Saved) -> None:
        secrets = ["--secrets", saved.secrets] if saved.secrets and Path(saved.secrets).exists() else []
        self.run(release, "restore", str(saved.backup), *secrets, "--replace")

    def _undo(self, old: Release, new: Release, saved: Saved, error: BaseException) -> None:
        """Back to where it was, whatever of it has been done; raises what went wrong."""
        steps, why = self._steps, str(error) or "broken off"
        steps.tell(f"{why}\n{new.version} is not well: back to {old.version}")
        self._service.stop()
        steps.step(f"current -> {old.version}", lambda: self._layout.make_current(old))
        if self._changed(saved):
            steps.step(f"databases as they were: {saved.backup}", lambda: self._bring(old, saved))
        self._layout.ended()
        self._service.start()
        raise OperationError(f"rolled back to {old.version}, which is as it was. Why: {why}") from error

    def _changed(self, saved: Saved) -> bool:
        """Whether the databases are no longer of the schemas that were saved; unreadable ones are not either."""
        try:
            return self.schemas() != saved.schemas
        except OperationError:
            return True

    def _target(self, current: Release, to: str | None) -> Release:
        record = current.upgrade()
        wanted = to or (record and record["from"])
        if not wanted:
            raise OperationError(f"{current.version} was not come to by an upgrade: say --to VERSION")
        target = self._layout.release(wanted)
        if not target.complete:
            there = ", ".join(one.version for one in self._layout.releases())
            raise OperationError(f"release {wanted} is not in {self._layout.prefix}: there are {there}")
        if target.version == current.version:
            raise OperationError(f"{wanted} is current already")
        return target

    def _record(self, target: Release) -> dict[str, Any] | None:
        """Of the last upgrade that left the target."""
        records = [record for one in self._layout.releases() if (record := one.upgrade())]
        left = [record for record in records if record.get("from") == target.version]
        return max(left, key=lambda record: str(record["at"])) if left else None


def _more(saved: Saved) -> dict[str, Any]:
    return {"secrets": saved.secrets, "schemas": saved.schemas}
