"""A quotation is found letter by letter, or what differs is named."""

from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sahel.quotations import (
    Passage,
    differences,
    find,
    passage_like,
    problems,
    surroundings,
    text_fragment,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=60)


@given(texts, words, texts)
def test_any_passage_is_found_where_it_stands(before, exact, after):
    text = before + exact + after
    assert len(before) in find(exact, text)
    assert all(text[place : place + len(exact)] == exact for place in find(exact, text))
    prefix, suffix = surroundings(text, len(before), len(before) + len(exact))
    assert before.endswith(prefix)
    assert after.startswith(suffix)
    assert "\n" not in prefix + suffix


def rebuilt(exact, found):
    """Put what the source has in place of what was typed, where they differ."""
    letters = [[letter] for letter in exact] + [[]]
    for each in found:
        if each.typed:
            letters[each.position] = [each.found]
        else:
            place = letters[each.position]
            place.insert(max(0, len(place) - 1), each.found)
    return "".join("".join(each) for each in letters)


SOURCE = (
    "Relations have suffered a bitter rift.\n\n"
    "“There have been tactical successes but [an] overall foreign policy failure,” he said."
)


def test_a_letter_that_stands_elsewhere_does_not_draw_the_passage_there():
    exact = SOURCE[40:]
    assert passage_like(f"é{exact[1:]}", SOURCE) == exact


@given(st.data())
def test_a_changed_letter_is_reported_with_its_position(data):
    exact = SOURCE[40:]
    position = data.draw(st.integers(0, len(exact) - 1))
    letter = data.draw(st.sampled_from("xyzé—"))
    assume(exact[position] != letter)
    changed = exact[:position] + letter + exact[position + 1 :]
    assert not find(changed, SOURCE)
    passage = passage_like(changed, SOURCE)
    assert passage
    found = differences(changed, passage)
    if passage == exact:  # at either end, the passage may as well begin or end one off
        assert [(each.position, each.typed, each.found) for each in found] == [
            (position, letter, exact[position])
        ]
    assert rebuilt(changed, found) == passage


@pytest.mark.parametrize(
    ("typed", "typed_name", "found_name"),
    [
        ('"There have been tactical', "straight quotation mark", "curly quotation mark, opening"),
        ("suffered a bitter rift", "", ""),
        ("have suffered  a bitter", "space", "nothing"),
        ("suffered a bitter rïft", "letter i, diaeresis", "letter i"),
    ],
)
def test_look_alikes_are_named(typed, typed_name, found_name):
    if not typed_name:
        assert find(typed, SOURCE)
        return
    message = str(differences(typed, passage_like(typed, SOURCE))[0])
    assert f" {typed_name})" in message
    assert f" {found_name}" in message


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"Nous ne reculerons pas", puis', "«\u00a0Nous ne reculerons pas\u00a0», puis"),
        ('Il a dit : "Nous', "Il a dit : «\u00a0Nous"),
        ("ne reculerons pas, puis il est part", "ne reculerons pas\u00a0», puis il est parti"),
        ("puis il es parti vers Mopti.", "puis il est parti vers Mopti."),
        ("apres l'ete", "après l’été"),
    ],
)
def test_the_passage_that_is_meant_has_whole_words_and_all_its_marks(typed, found):
    text = "Il a dit : «\u00a0Nous ne reculerons pas\u00a0», puis il est parti vers Mopti. "
    assert passage_like(typed, f"Avant. {text}C’était après l’été.") == found


SPOKEN = st.sampled_from(["Gao", "été", "l’armée", "dit", "«\u00a0non\u00a0»"])


@given(st.lists(SPOKEN, min_size=4, max_size=12))
def test_a_passage_without_its_marks_is_the_one_that_is_meant(spoken):
    text = " ".join(spoken)
    plain = text.replace("«\u00a0", '"').replace("\u00a0»", '"').replace("’", "'")
    assert passage_like(plain, f"Avant {text} après.") == text


def test_long_words_of_which_only_the_end_is_alike_are_no_error():
    text = "The colonel said so, and the crowd went home."
    assert passage_like("\u4e00" * 6000 + text[-25:], text) is None


def test_what_is_nowhere_near_has_no_difference():
    assert passage_like("An altogether unrelated remark about cotton", SOURCE) is None
    [problem] = problems([Passage("coup", "Ganz anders", 0)], SOURCE)
    assert problem.startswith("coup: not found")


def test_a_recorded_offset_that_is_wrong_is_told():
    [problem] = problems([Passage("rift", "bitter rift", 3)], SOURCE)
    assert "stands at 26, recorded at 3" in problem


@given(words, words, words)
def test_a_link_can_be_read_back(exact, prefix, suffix):
    assume(exact.strip() and prefix.strip() and suffix.strip())
    fragment = text_fragment(exact, prefix, suffix)
    terms = fragment.removeprefix("#:~:text=").split(",")
    assert unquote(terms[0].removesuffix("-")) == prefix.strip()
    assert unquote(terms[-1].removeprefix("-")) == suffix.strip()
    assert unquote(terms[1]) == exact.strip() or len(exact.splitlines()) > 1


def test_long_words_are_named_by_their_ends():
    exact = " ".join(f"word{n}" for n in range(60)) + ", two-part & last"
    assert text_fragment(exact) == (
        "#:~:text=word0%20word1%20word2%20word3%20word4%20word5,"
        "word57%20word58%20word59%2C%20two%2Dpart%20%26%20last"
    )
