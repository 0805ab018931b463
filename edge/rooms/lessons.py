"""What a room taught: how people come and go here, and which of its sensors can be believed."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import exp

from edge.rooms.belief_state import BeliefState
from edge.rooms.tally import MOST, Share, Silences
from edge.rooms.weighing import Weighing

DAY = 86_400.0
MOST_VACANT = 60 * DAY
MOST_HABITS = 24
CHATTERS = 2.0
"""Ghosts a day from which on a sensor's repeats say nothing."""


@dataclass(slots=True)
class Habit:
    """One sensor."""

    ghosts: float = 0
    near_leaving: Share = field(default_factory=Share)
    near_staying: Share = field(default_factory=Share)
    departures: float = 0  # people left from here
    stays: Silences = field(default_factory=Silences)  # long silences of people who had stayed

    def depart(self) -> None:
        """People left from here. Old departures fade together with the stays they are weighed against."""
        self.departures += 1
        if self.departures >= MOST:
            self.departures /= 2
            self.stays.halve()


NOTHING = Habit()
"""Of a sensor that was never heard."""


@dataclass(slots=True)
class Lessons:
    """One room. Nothing is learned before it is confirmed by what followed."""

    left: dict[str, Share] = field(default_factory=dict)  # by circumstance: did a door episode empty the room?
    returns: Silences = field(default_factory=Silences)  # from the door to the first event of those inside
    behind: Silences = field(default_factory=Silences)  # the same, of those who had stayed behind
    spare: Share = field(default_factory=Share)  # absences of this stay with a card left in the holder
    vacant_seconds: float = 0
    carded: Share = field(default_factory=Share)  # entries into the empty room, by a card that was heard or not
    doors: Share = field(default_factory=Share)  # entries whose door was not heard, and heard
    vacancies: Share = field(default_factory=Share)  # that ended at the door, and with somebody walking out
    habits: dict[str, Habit] = field(default_factory=dict)
    tells: bool = False  # the lock tells when it is opened from inside
    revision: int = 0  # grows with every lesson

    def vacant(self, seconds: float) -> None:
        """The room was vacant for so long. Old ghosts fade with the time they were seen in."""
        self.vacant_seconds += seconds
        if self.vacant_seconds > MOST_VACANT:
            self.vacant_seconds /= 2
            for habit in self.habits.values():
                habit.ghosts /= 2

    def habit(self, sensor: str) -> Habit:
        """Of one sensor; of one beyond the most that are kept, nothing is known."""
        found = self.habits.get(sensor)
        if found is None:
            found = Habit()
            if sensor and len(self.habits) < MOST_HABITS:
                self.habits[sensor] = found
                self.revision += 1
        return found

    def known(self, sensor: str) -> Habit:
        """What is known of a sensor, to be read."""
        return self.habits.get(sensor, NOTHING)

    def of_others(self, devices: AbstractSet[str]) -> None:
        """Forget the sensors that are not among `devices`; one exchanged for its like stays where it was."""
        for sensor in self.habits.keys() - devices:
            del self.habits[sensor]
            self.revision += 1

    def blind_spot(self, by: Weighing) -> bool:
        """Were people inside whom nothing here had seen, too often to say vacant again?"""
        told, walked = self.vacancies.yes + self.vacancies.no, self.vacancies.no
        if walked >= by.walked_out_least and walked > by.walked_out_share * told:
            return True
        refuted = walked + self.doors.yes
        return refuted >= by.refuted_least and refuted > by.refuted_share * (told + self.doors.yes)

    def still(self, seconds: float, by: Weighing) -> float:
        """How probable is such a silence after the door, of somebody who has just come in?"""
        prior = by.return_floor + (1 - by.return_floor) / (1 + seconds / by.return_median_seconds)
        known = self.returns
        return (by.return_prior * prior + known.beyond(seconds)) / (by.return_prior + known.count)

    def stays(self, seconds: float, quiet: float, by: Weighing) -> float:
        """The same, of somebody who had been `quiet` for so long before the door moved and stayed inside."""
        resting = by.resting_most * (1 - exp(-quiet / (60 * by.resting_minutes)))
        up = 1 / (1 + seconds / by.up_seconds)
        prior = by.return_floor + (1 - by.return_floor) * (
            resting * exp(-seconds / (60 * by.rest_minutes)) + (1 - resting) * up
        )
        known = self.behind
        share = (by.return_prior * prior + known.beyond(seconds)) / (by.return_prior + known.count)
        return share * exp(-seconds / (3600 * by.floor_hours))

    def ghost_rate(self, habit: Habit, by: Weighing) -> float:
        """Events a second that nobody made."""
        ghosts = by.ghosts_per_day * by.ghost_prior_days + habit.ghosts
        return ghosts / (by.ghost_prior_days * DAY + self.vacant_seconds)

    def chatters(self, habit: Habit, by: Weighing) -> bool:
        """Does the sensor fire in bursts while nobody is in?"""
        return self.ghost_rate(habit, by) * DAY > CHATTERS * by.ghosts_per_day

    def uncarded(self, by: Weighing) -> float:
        """How much less probable than of one inside is it that somebody from outside opens the door without a card?

        One, until the lock of the room has told of a guest's card.
        """
        return 1.0 if not self.carded.yes else 1 - self.carded.mean(by.carded_prior, by.carded_prior)

    def emptied(self, state: BeliefState, *, yes: bool) -> None:
        """The door episode emptied the room, or did not; in which circumstances, is known as far as it is."""
        whole = sum(share * (leaves if yes else 1 - leaves) for _, share, leaves in state.circumstances)
        for name, share, leaves in state.circumstances:
            weight = share * (leaves if yes else 1 - leaves) / whole if whole > 0 else share
            self.left.setdefault(name, Share()).count(yes=yes, weight=weight)

    def spare_share(self, by: Weighing) -> float:
        """In how many absences of this stay does a card stay in the holder?"""
        return self.spare.mean(by.spare_cards * by.spare_prior, (1 - by.spare_cards) * by.spare_prior)

    def lost(self, by: Weighing) -> float:
        """How probable is a door episode that nobody heard?"""
        return max(by.lost_doors, self.doors.mean(by.lost_doors * by.lost_prior, (1 - by.lost_doors) * by.lost_prior))
