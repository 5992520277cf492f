"""How templates are compiled: as Jinja would have it, only quicker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, UndefinedError
from markupsafe import Markup, escape

from sahel.fields import Text
from sahel.jinja import Pages, escaped

SOURCE = """
{% from "macros" import line %}
{% set shout = "&" %}
{% for thing in things %}
  {{ loop.index }} {{ line(thing.name, mark=shout) }} {{ _("Events") }}
  {% for number in thing.numbers[:2] %}{{ number }}{{ names[number] }}{% endfor %}
  {% trans name=thing.name %}by {{ name }}{% endtrans %}
  {{ (thing.name ~ shout)|upper }} {{ thing.name.upper() if thing.numbers else "<none>" }}
{% endfor %}
"""
MACROS = "{% macro line(name, mark) %}<b>{{ name }}{{ mark }}</b>{% endmacro %}"
things = st.builds(
    lambda name, numbers: type("Thing", (), {"name": name, "numbers": numbers}),
    st.text(),
    st.lists(st.integers(0, 2)),
)


@given(
    st.one_of(
        st.text(),
        st.builds(Text, st.text(), st.just("fr")),
        st.builds(Markup, st.text()),
        st.integers(),
        st.booleans(),
        st.none(),
        st.floats(),
    )
)
def test_a_value_is_escaped_as_by_markupsafe(value):
    assert escaped(value) == str(escape(value))


@given(st.lists(things, max_size=3))
def test_a_template_draws_what_plain_jinja_draws(found):
    def translated(text):
        return {"Events": "Événements <&>", "by %(name)s": "par %(name)s"}[text]

    quick = Pages({"_": translated, "gettext": translated})
    plain = Environment(
        autoescape=True, extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True
    )
    plain.globals |= {"_": translated, "gettext": translated}
    names = {0: "nought", 1: "<one>", 2: "two"}
    drawn = []
    for environment in (quick, plain):
        macros = environment.from_string(MACROS)
        source = SOURCE.replace('"macros"', "macros")
        drawn.append(
            environment.from_string(source).render(things=found, names=names, macros=macros)
        )
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("source", ["{{ mispelt }}", "{{ mispelt.name }}", "{{ mispelt() }}"])
def test_a_name_that_is_nowhere_is_an_error(source):
    with pytest.raises(UndefinedError, match="mispelt"):
        Pages({}).from_string(source).render()


def test_a_misspelt_attribute_is_an_error():
    with pytest.raises(AttributeError, match="mispelt"):
        Pages({}).from_string("{{ text.mispelt }}").render(text="text")
