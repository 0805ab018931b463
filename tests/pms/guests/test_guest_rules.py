"""Rules of guests."""

from hypothesis import given
from hypothesis import strategies as st

from pms.guests.rules import cleaned_name, masked


def test_a_masked_name_keeps_its_first_character_only() -> None:
    assert masked("Ada Lovelace") == "A•••"
    assert masked("王小明") == "王•••"
    assert masked("  ") == ""


@given(st.text(min_size=2, max_size=40))
def test_masking_never_shows_more_than_one_character(name: str) -> None:
    assert len(masked(name).replace("•••", "")) <= 1


def test_white_space_and_control_characters_are_put_in_order() -> None:
    assert cleaned_name("  Ada \t Love\x00lace\n") == "Ada Love lace"
    assert cleaned_name("\u200b\n") == ""


@given(st.text(max_size=60))
def test_cleaning_a_name_twice_changes_nothing(name: str) -> None:
    assert cleaned_name(cleaned_name(name)) == cleaned_name(name)
