"""Every constant of the truth machine with its source: docs/truth-machine.md says the same in a table.

"occupancy 5" is a section of the study of public recordings from which the occupancy rules were made; "assumed" has its
reason beside it. None was chosen by what the rules make of it.
"""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Guests:
    """Stays and what guests do. Shares are probabilities; minutes from and to are drawn evenly."""

    parties: tuple[int, ...] = (1,) * 11 + (2,) * 8 + (3,)  # documented mix: 40 % of stays with two; 5 % three: assumed
    cheats: float = 0.15  # stays that leave a spare card in the holder; assumed: common, but nobody counts
    breakfast: float = 0.7  # of mornings; assumed: usual share of stays with breakfast
    breakfast_minutes: tuple[float, float] = (25, 50)  # assumed
    errands: float = 0.5  # short ways a guest and day; assumed, of the order of occupancy 5: 2.5 absences a day
    errand_minutes: tuple[float, float] = (2, 20)  # assumed: ice, smoke, car, reception
    night_ways: float = 0.06  # a guest and night: out for a while, the others asleep; assumed: smoke, bar
    night_minutes: tuple[float, float] = (5, 90)  # assumed
    together: float = 0.6  # two who are both out come back through one door; assumed
    answered_doors: float = 0.7  # of days, nobody passes; assumed, of the order of occupancy 5: 7.8 cycles a day
    visitors: float = 0.1  # of stay days; assumed: family, colleagues
    visit_minutes: tuple[float, float] = (20, 120)  # assumed
    room_service: float = 0.12  # of stay days: someone without a card, let in for some minutes; assumed
    let_in: float = 0.2  # a returning guest knocks when somebody is in and awake; assumed
    bolted: float = 0.5  # nights in which the bolt is turned; assumed: half of guests do
    late_check_out: float = 0.1  # stays checked out an hour or two after leaving; assumed
    windows: float = 0.15  # days with an open window; assumed


@dataclass(frozen=True, slots=True)
class Movement:
    """What a motion sensor sees of a person. The rates are those of the 3-state filter of occupancy 5, a minute."""

    active_per_minute: float = 0.916  # -ln(1 - 0.6): P(motion in a minute) = 0.6 while active
    quiet_per_minute: float = 0.01  # still, or asleep
    active_minutes: float = 25.0  # mean: active -> quiet 0.04 a minute
    quiet_minutes: float = 50.0  # mean: quiet -> active 0.02 a minute
    first_median_s: float = 45.0  # occupancy-filter 4: first movement after a return, log-logistic, median 45 s
    first_shape: float = 1.5  # assumed: the study names the family and the median only
    first_never: float = 0.03  # occupancy-filter 4: a 3 % floor
    seen_entering: float = 0.8  # the sensor sees the way in; assumed
    seen_leaving: float = 0.9  # and the way to the door; assumed
    seen_after_door: float = 5 / 74  # occupancy 6: 5 of 74 departures were seen after the last door edge
    bath: float = 0.25  # active spells that are out of sight, in the bathroom, and of the work of staff; assumed
    bath_minutes: float = 12.0  # assumed: a shower
    working_per_minute: float = 60 / 45  # staff at work, as the day's simulator has it
    hold_s: float = 90.0  # occupancy 10: a PIR clears 90 s after the last motion


@dataclass(frozen=True, slots=True)
class Rounds:
    """Staff. Cleaning minutes are those of the day's simulator (`simulators.plan.CLEANING_MINUTES`)."""

    section: int = 14  # rooms an attendant has; assumed: 12 to 16 is usual
    shift: tuple[float, float] = (8.5, 16.5)  # local hours; assumed
    guest_inside: float = 0.3  # stay-over cleanings done with the guest in, when it is late and nobody went; assumed
    propped: float = 0.3  # cleanings with the door propped open; assumed
    cart_ways: int = 2  # at most, out to the cart and back in during a departure cleaning; assumed
    without_card: float = 0.02  # visits behind a mechanical key or a colleague's card; assumed
    own_card: float = 0.8  # an attendant puts a card into an empty holder; assumed
    inspected: float = 0.9  # departure cleanings a supervisor looks at; assumed
    turndown: float = 0.2  # evenings; assumed
    engineer_per_room: float = 1 / 50  # visits a day; assumed
    rooms_per_engineer: int = 70  # assumed


@dataclass(frozen=True, slots=True)
class Equipment:
    """Which rooms have what besides door contact, motion sensor, lock and thermostat. All assumed: fittings vary."""

    holders: float = 0.5
    bath_sensors: float = 0.5
    telling_handles: float = 0.5  # locks that tell of the inner handle
    air_sensors: float = 0.25
    report_s: float = 900.0  # temperature and air are told so often; assumed: Zigbee devices report 10 to 60 minutes
    noise_k: float = 0.05  # of a temperature, standard deviation; assumed: a tenth of a degree is the usual resolution


@dataclass(frozen=True, slots=True)
class Errors:
    """What becomes of messages. `lost` and `ghosts` are the documented mix."""

    lost: float = 0.02  # of happenings (a door's cycle, a pulse of motion, a card)
    whole: float = 0.5  # of lost door cycles both edges, else either; assumed. Motion: always both (occupancy 10)
    ghosts: float = 0.01  # motion that nobody made, per pulse that somebody made
    late: float = 0.01  # of happenings; assumed: a tenth of a per cent is what buses admit, radios are worse
    late_s: tuple[float, float] = (5.0, 600.0)  # evenly on a logarithmic scale; assumed: retries


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Faults a year, for each device (or room) that can have them. All assumed: no public count of hotels is known."""

    dead: float = 0.1
    motion_stuck: float = 0.1
    motion_blind: float = 0.1
    contact_stuck: float = 0.1
    temperature_stuck: float = 0.05
    implausible: float = 0.05
    heating: float = 0.3
    ajar: float = 6.0  # a door that does not fall shut: every other month
    leak: float = 0.3
    smoke: float = 0.05
    forced: float = 0.03
    unknown_credential: float = 0.03
    tamper: float = 0.03
    battery_from: float = 10.0  # at the start the batteries' levels lie evenly between this and 100 per cent
    battery_years: dict[str, float] = field(default_factory=lambda: {"lock": 1.0})  # a filling; others two years
    battery_noise: float = 1.0  # per cent up or down with temperature and load


@dataclass(frozen=True, slots=True)
class Seasons:
    """The year; all assumed: a central European town."""

    mean_c: float = 10.0
    swing_c: float = 10.0  # up in July, down in January
    day_c: float = 5.0  # up at three in the afternoon, down at three at night
    heating_until_c: float = 13.0  # mean of the month: below it units heat
    cooling_from_c: float = 17.0  # above it they cool


@dataclass(frozen=True, slots=True)
class Hotel:
    """A whole hotel: `Hotel(rooms=200, days=30, seed=1)` is the one of the documented mix."""

    rooms: int = 200
    days: float = 30
    seed: int = 1
    start: date = date(2026, 11, 2)  # noon is noon UTC: the hotel's clock is UTC
    guests: Guests = field(default_factory=Guests)
    movement: Movement = field(default_factory=Movement)
    rounds: Rounds = field(default_factory=Rounds)
    equipment: Equipment = field(default_factory=Equipment)
    errors: Errors | None = field(default_factory=Errors)  # None: every message arrives, at once
    faults: FaultRates | None = field(default_factory=FaultRates)  # None: nothing breaks
    seasons: Seasons = field(default_factory=Seasons)
