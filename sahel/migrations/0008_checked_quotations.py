"""Quotations get an address and what was found out of them: their state, against which text, when."""

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

import sahel.models.evidence
from sahel.migrations import _triggers

STATES = [
    ("verbatim", "verbatim"),
    ("verbatim-still", "verbatim, also after the source changed"),
    ("missing", "not found in the source any more"),
    ("unchecked", "never checked"),
    ("uncheckable", "cannot be checked"),
]


def give_keys_and_states(apps, schema_editor):
    """Those that have a place were found in the text of which the source keeps the hash."""
    schema_editor.execute(
        "UPDATE sahel_quotation SET key = "
        + (
            "substr(md5(random()::text || id::text), 1, 16)"
            if schema_editor.connection.vendor == "postgresql"
            else "lower(hex(randomblob(8)))"
        )
    )
    quotations = apps.get_model("sahel", "Quotation").objects
    for source in apps.get_model("sahel", "Source").objects.exclude(text_sha256=""):
        quotations.filter(source=source, start__isnull=False).update(
            state="verbatim",
            checked_sha256=source.text_sha256,
            checked_on=source.date_read or timezone.now().date(),
        )
    if schema_editor.connection.vendor == "postgresql":
        # What is left to be checked of rows that were changed twice would forbid to alter the table.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0007_words_of_roles_and_stances")]
    operations = [
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.AddField("quotation", "key", models.CharField(max_length=16, default="")),
        migrations.AddField(
            "quotation",
            "repeated",
            models.BooleanField("stands more than once", default=False, editable=False),
        ),
        migrations.AddField(
            "quotation",
            "page",
            models.PositiveSmallIntegerField(
                "page", null=True, blank=True, help_text="Where the source is a PDF file."
            ),
        ),
        migrations.AddField(
            "quotation",
            "state",
            models.CharField(
                "state", max_length=14, choices=STATES, default="unchecked", editable=False
            ),
        ),
        migrations.AddField(
            "quotation",
            "checked_sha256",
            models.CharField(
                "SHA-256 of the text it was checked against",
                max_length=64,
                blank=True,
                default="",
                editable=False,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "quotation",
            "checked_on",
            models.DateField("checked on", null=True, editable=False),
        ),
        migrations.AddField(
            "quotation",
            "why_uncheckable_en",
            models.CharField(
                "why it cannot be checked, in English",
                max_length=200,
                blank=True,
                default="",
                help_text=(
                    "Only where nobody can give the source’s text: a broadcast, a paper archive."
                ),
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "quotation",
            "why_uncheckable_fr",
            models.CharField(
                "why it cannot be checked, in French", max_length=200, blank=True, default=""
            ),
            preserve_default=False,
        ),
        migrations.RunPython(give_keys_and_states, migrations.RunPython.noop),
        migrations.AlterField(
            "quotation",
            "key",
            models.CharField(
                "key",
                max_length=16,
                unique=True,
                default=sahel.models.evidence.new_key,
                editable=False,
            ),
        ),
        migrations.AddConstraint(
            "quotation",
            models.CheckConstraint(
                condition=~Q(state__in=["verbatim", "verbatim-still", "missing"])
                | Q(checked_sha256__regex=r"^[0-9a-f]{64}$", checked_on__isnull=False),
                name="quotation_checked_against_a_text",
            ),
        ),
        migrations.AddConstraint(
            "quotation",
            models.CheckConstraint(
                condition=~Q(state__in=["verbatim", "verbatim-still"]) | Q(start__isnull=False),
                name="quotation_found_at_a_place",
            ),
        ),
        migrations.AddConstraint(
            "quotation",
            models.CheckConstraint(
                condition=~Q(state="uncheckable")
                | ~Q(why_uncheckable_en="")
                | ~Q(why_uncheckable_fr=""),
                name="quotation_uncheckable_for_a_reason",
            ),
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
    ]
