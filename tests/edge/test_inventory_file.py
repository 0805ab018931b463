"""Edits of devices.toml: what is meant is there, and every other line is as it was."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.inventory import load_inventory
from devices.model import Device
from edge.inventory_file import EditError, Placed, move, place, remove, replace
from tests.edge.places import CATALOG

EXAMPLE = Path("config/example/devices.toml").read_text()
NEW = Placed("105_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/0x00158d", "101")


def loaded(text: str, folder: Path) -> dict[str, Device]:
    path = folder / "devices.toml"
    path.write_text(text, newline="")
    return load_inventory(path, CATALOG, None).devices


def test_a_placed_device_comes_last(tmp_path: Path) -> None:
    text = place(EXAMPLE, NEW)
    assert text.startswith(EXAMPLE)
    assert loaded(text, tmp_path) == loaded(EXAMPLE, tmp_path) | {
        NEW.id: Device(NEW.id, NEW.line, NEW.profile, NEW.address, NEW.room)
    }


def test_a_unit_number_is_written_as_a_number_and_a_spare_has_no_room() -> None:
    text = place("", Placed("spare", "floor-1", "smarttemp_smt131", "7"))
    assert text == '\n[[device]]\nid = "spare"\nline = "floor-1"\nprofile = "smarttemp_smt131"\naddress = 7\n'


def test_a_moved_device_keeps_its_remarks() -> None:
    text = '# all\n[[device]]\nid = "a"  # mine\nroom = "101"   # by the window\n\n# Room 102\n[[device]]\nid = "b"\n'
    assert move(text, "a", "102") == text.replace('room = "101"', 'room = "102"')
    assert move(text, "b", "102") == text + 'room = "102"\n'
    assert move(text, "a", None) == text.replace('room = "101"   # by the window\n', "")


def test_a_room_is_added_before_the_remark_of_the_next_device() -> None:
    text = '[[device]]\nid = "a"\n\n# Room 102\n[[device]]\nid = "b"'
    assert move(text, "a", "101") == '[[device]]\nid = "a"\nroom = "101"\n\n# Room 102\n[[device]]\nid = "b"'


def test_a_replaced_device_keeps_id_and_room() -> None:
    text = replace(EXAMPLE, "101_door", Placed("x", "field", "zigbee2mqtt/contact", "zigbee2mqtt/new", "none"))
    assert text == EXAMPLE.replace('address = "zigbee2mqtt/101_door" ', 'address = "zigbee2mqtt/new" ')


def test_what_stands_before_the_next_device_is_not_removed_with_this_one() -> None:
    text = remove(EXAMPLE, "101_thermostat")
    assert "# Room 102" in text
    gone = EXAMPLE.index('\n[[device]]\nid = "101_thermostat"')
    assert text == EXAMPLE[:gone] + EXAMPLE[EXAMPLE.index("\n# Room 102") :]


def test_what_cannot_be_edited_is_refused() -> None:
    with pytest.raises(EditError, match="no_such_device"):
        move(EXAMPLE, "nobody", "101")
    with pytest.raises(EditError, match="id_taken"):
        place(EXAMPLE, Placed("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/x"))
    with pytest.raises(EditError, match="bad_file"):
        move('device = [{id = "a"}]\n', "a", "101")
    with pytest.raises(EditError, match="bad_file"):
        place('device = [{id = "a"}]\n', NEW)
    with pytest.raises(EditError, match="bad_file"):
        remove("[[device]\n", "a")


def test_text_that_only_looks_like_a_table_is_no_trap() -> None:
    text = '[[device]]\nid = "a"\nroom = """\n[[device]]\nid = "b"\n"""\n'
    with pytest.raises(EditError, match="bad_file"):
        move(text, "a", "101")


def test_the_ends_of_lines_stay_as_they_are() -> None:
    text = '[[device]]\r\nid = "a"\r\n'
    assert move(text, "a", "1") == text + 'room = "1"\r\n'


REMARKS = st.sampled_from(["", "\n", "# a remark\n", "\n# Room 102\n", "  # [[device]]\n", "\n\n"])
SPACES = st.sampled_from(["", " ", "\t# the corner", "   # was 101"])
WORDS = st.text("abc/#'\"\\é房 ", min_size=1, max_size=8)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    text, ids = draw(REMARKS), []
    for number in range(draw(st.integers(1, 5))):
        ids.append(f"d{number}")
        keys = {"id": f'"d{number}"', "line": '"field"', "profile": "'p'", "address": "7", "room": '"101"'}
        names = [name for name in draw(st.permutations(list(keys))) if name == "id" or draw(st.booleans())]
        text += f"[[device]]{draw(SPACES)}\n" + "".join(f"{name} = {keys[name]}{draw(SPACES)}\n" for name in names)
        text += draw(REMARKS)
        if draw(st.booleans()):
            text += f'[[line]]\nid = "l{number}"\n'
    return text, ids


def tables(text: str) -> dict[str, dict[str, object]]:
    return {table["id"]: table for table in tomllib.loads(text).get("device", [])}


def rest(text: str, device: str) -> list[str]:
    """Every line but those of the device's own table, without what is empty."""
    lines, own, out = text.splitlines(), False, []
    for number, line in enumerate(lines):
        if line.startswith("["):
            body = lines[number + 1 : next((n for n in range(number + 1, len(lines)) if lines[n][:1] == "["), None)]
            own = line.startswith("[[device]]") and any(one.startswith(f'id = "{device}"') for one in body)
        if line.strip() and (not own or line.lstrip().startswith("#")):
            out.append(line)
    return out


@settings(max_examples=60, deadline=None)
@given(texts(), st.integers(0, 4), WORDS, st.sampled_from([None, "102", "ü 3"]))
def test_an_edit_changes_its_device_and_no_other_line(
    made: tuple[str, list[str]], number: int, address: str, room: str | None
) -> None:
    text, ids = made
    device = ids[number % len(ids)]
    before = tables(text)
    moved = move(text, device, room)
    assert tables(moved) == before | {device: _without_none({**before[device], "room": room})}
    new = {"line": "other", "profile": "q", "address": address}
    replaced = replace(moved, device, Placed(device, "other", "q", address))
    assert tables(replaced)[device] == tables(moved)[device] | new
    removed = remove(replaced, device)
    assert tables(removed) == {name: table for name, table in before.items() if name != device}
    placed = place(removed, Placed(device, "other", "q", address, room))
    assert tables(placed)[device] == _without_none({"id": device, **new, "room": room})
    assert placed.startswith(removed)
    assert rest(moved, device) == rest(replaced, device) == rest(text, device)
    assert rest(removed, device) == rest(text, device)


def _without_none(table: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in table.items() if value is not None}
