"""How evidence of presence is weighed: every number of the filter, with its reason."""

from dataclasses import dataclass, field, fields
from typing import Any


def weight(default: float, why: str) -> Any:
    """A number of the filter and why it is that one."""
    return field(default=default, metadata={"why": why})


@dataclass(frozen=True, slots=True)
class Weighing:
    """One set for every room. What differs between rooms is learned in each room, starting from these."""

    vacant_above: float = weight(
        0.8, "Vacant is shown above this probability: being wrong costs a guest more than waiting costs energy."
    )
    night_vacant_above: float = weight(0.9, "The same of silence that begins when people may go to bed: twice as sure.")
    occupied_below: float = weight(
        0.5, "Occupied is shown again once vacant is the less probable; between the two the answer stands."
    )
    vacant_wait_seconds: float = weight(
        45, "Never vacant so soon after a door edge: half of those who come in are first felt after that long."
    )
    episode_seconds: float = weight(
        120, "Door edges this close with nobody felt between are one coming or going (bags, a key forgotten)."
    )
    carded_prior: float = weight(1, "Entries by a card that was heard, and others, taken as seen: the lock is learned.")
    together: float = weight(0.8, "Of two who come into an empty room, both; else the other follows.")
    one_left: float = weight(0.7, "Somebody stayed of two: so often the other went out, and no tray was taken in.")
    enter_probability: float = weight(0.995, "A door that opens on an empty room lets somebody in, nearly always.")
    leave_prior_left: float = weight(4, "Departures taken as seen before a room has any; with the next: 73 % leave.")
    leave_prior_stayed: float = weight(1.5, "Door episodes taken as seen after which somebody had stayed.")
    night_prior_left: float = weight(2, "The same two at night: 40 %, a door at night is a tray, a noise, a smoker.")
    night_prior_stayed: float = weight(2, "See above.")
    leave_most: float = weight(0.85, "However often people left, the next one may only take the tray in.")
    passing_seconds: float = weight(
        20, "A door that is passed falls shut in 5 to 15 s; who talks or takes something in holds it."
    )
    passing_ratio: float = weight(1.3, "Short: a little likelier that somebody left.")
    standing_ratio: float = weight(
        0.4, "Long: in the recordings 57 % of the doors of those who stay, 4 % of those who leave; luggage."
    )
    return_median_seconds: float = weight(45, "Half of those inside are felt within that after the door.")
    return_floor: float = weight(0.03, "So many in a hundred sit or lie down unfelt.")
    resting_most: float = weight(
        0.67, "Awake people at home rest two thirds of the time (3-state filter: .02 and .04),"
    )
    resting_minutes: float = weight(3, "and who was not felt for some minutes is resting.")
    up_seconds: float = weight(
        120, "Who is up is felt again within that, half of the time: sensors hold for 90 s and see nothing new."
    )
    rest_minutes: float = weight(33, "Who rests is felt again after so long: .01 a minute, or up again with .02.")
    return_prior: float = weight(10, "Door episodes the two numbers above are worth against the room's own.")
    floor_hours: float = weight(8, "A sleeper is still for 4.5 h at the longest (270 min recorded).")
    near_door_seconds: float = weight(20, "An event so soon after the door may be made on the way out.")
    shut_seconds: float = weight(5, "Once the door is shut, only a slow message can be of somebody outside.")
    behind_seconds: float = weight(12, "Five departures of 74 were seen after the last door edge;")
    behind_ratio: float = weight(15, "those who stay are seen there as often as not;")
    behind_above: float = weight(0.9, "asked only where others say that people left (key card, books).")
    near_leaving: float = weight(0.5, "A sensor of which nothing is known fires for half of those who leave,")
    near_staying: float = weight(0.6, "and a little more often for those who stay or come in.")
    near_prior: float = weight(4, "Door episodes those two are worth against the sensor's own.")
    ghosts_per_day: float = weight(1, "Events nobody made, a sensor and vacant day: one in two days.")
    ghost_prior_days: float = weight(2, "Vacant days that is worth against the sensor's own.")
    lost_doors: float = weight(0.02, "Door episodes of which nothing arrives in a sound radio mesh.")
    lost_prior: float = weight(10, "Entries that is worth against the room's own.")
    entries_per_day: float = weight(2.5, "Absences a day in the recorded homes.")
    active_seconds: float = weight(60, "Somebody up is felt again within a minute, half of the time.")
    doubt_floor: float = weight(0.05, "Share of those felt once who then sit still for long.")
    doubt_night_floor: float = weight(0.25, "The same at night: a sleeper turns over once.")
    booked_night_below: float = weight(
        0.97, "Who rented a room sleeps in it: at night one event is somebody, unless it is nearly sure to be empty."
    )
    alone_least: float = weight(0.45, "One sensor alone leaves that much vacancy where others could confirm it.")
    alone_lasting: float = weight(0.2, "When it goes on for minutes: this much, so that silence needs an hour.")
    repeats_enough: float = weight(5, "Minutes in which a sensor must speak to be believed alone.")
    repeat_ratio: float = weight(1.5, "A repeat of the same sensor, a minute on, speaks that much for a person.")
    bursts_enough: float = weight(2, "Ghosts come once a day, not twice between two door edges.")
    lasting_ratio: float = weight(3, "A minute that a sensor stays on speaks that much: ghosts are moments.")
    unseen_minutes: float = weight(10, "Silence from which on a departure unseen is thought of at all.")
    unseen_most_minutes: float = weight(120, "Longer silence says no more: it is of people whom nothing sees.")
    unseen_long: float = weight(0.05, "Long silences of people inside taken as seen, for each sensor.")
    unseen_told: float = weight(0.1, "Where the lock tells of its inner handle, that message must be lost too.")
    unseen_until: float = weight(
        20, "Local hour from which on silence may be an early night, and tells of no departure."
    )
    unseen_shared: float = weight(0.1, "With two guests one leaving unseen is the other still asleep.")

    short_stay_minutes: float = weight(5, "Who comes and goes again at once is counted apart.")
    shared_prior_left: float = weight(
        2, "With two guests 33 % of the episodes empty the room: one of two leaves first."
    )
    shared_prior_stayed: float = weight(4, "See above.")
    alone_prior_left: float = weight(
        3, "Of two one has left: two thirds of the next episodes empty the room; else the other was let in."
    )
    alone_prior_stayed: float = weight(1.5, "See above.")
    shared_night_prior_left: float = weight(1, "With two guests at night 10 %: the other is asleep.")
    shared_night_prior_stayed: float = weight(9, "See above.")
    walked_out_least: float = weight(3, "So often somebody must have walked out of a room thought vacant,")
    walked_out_share: float = weight(0.05, "and in that share of the vacancies, before vacant is no longer said.")
    refuted_least: float = weight(
        4, "The same of people who were felt again with no door between, or whose door was lost,"
    )
    refuted_share: float = weight(0.2, "in that share.")
    unknown_minutes: float = weight(60, "Where vacant cannot be known, occupied is not known for longer than that.")
    card_out_minutes: float = weight(2, "A key card taken out so soon before the door belongs to it.")
    card_out_ratio: float = weight(8, "Who takes the card out leaves.")
    spare_cards: float = weight(0.3, "Absences with a card left in the holder: common, and nobody counts.")
    spare_prior: float = weight(1, "Absences that is worth against those of the same stay.")
    checked_out_minutes: float = weight(
        30, "In a room nobody rents, nobody who was only felt there stays so long unfelt."
    )
    due_out_ratio: float = weight(1.5, "On the day of departure people leave for good.")
    staff_ratio: float = weight(0.2, "With staff and a guest inside, those who leave are mostly the staff.")
    cleaned_ratio: float = weight(
        12, "Attendants clean when the guests are out; one cleaning in twenty is beside them."
    )
    checked_out_ratio: float = weight(4, "Who has checked out leaves.")
    checked_out_gone: float = weight(
        25, "and if the door was not heard: nearly all are out when the desk takes their key; a nap is rare."
    )
    co2_minutes: float = weight(10, "CO2 is looked at so far apart: slower than a door, faster than a nap.")
    co2_step_ppm: float = weight(40, "A sleeper adds 4 ppm a minute to 60 m3; less may be the neighbours.")
    co2_rise_ratio: float = weight(0.4, "Rising: somebody breathes, or a machine aired the wrong room.")
    co2_fall_ratio: float = weight(1.4, "Falling: the room is empty, or a window is open.")
    use_ratio: float = weight(0.5, "A setting changed or a load switched: a hand, or a timer.")
    power_step_watts: float = weight(300, "A kettle or a hair dryer; refrigerators start with less.")

    def leave_prior(self, circumstance: str) -> tuple[float, float]:
        """Departures and stays taken as seen."""
        if circumstance == "shared-night":
            return self.shared_night_prior_left, self.shared_night_prior_stayed
        if circumstance.startswith("shared"):
            return self.shared_prior_left, self.shared_prior_stayed
        if circumstance == "alone":
            return self.alone_prior_left, self.alone_prior_stayed
        if circumstance == "night":
            return self.night_prior_left, self.night_prior_stayed
        return self.leave_prior_left, self.leave_prior_stayed

    @staticmethod
    def why() -> dict[str, str]:
        """The reason of each number, by name."""
        return {item.name: str(item.metadata["why"]) for item in fields(Weighing)}
