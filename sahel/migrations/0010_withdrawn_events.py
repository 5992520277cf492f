"""An event can be withdrawn, for a reason that readers are told."""

from django.db import migrations, models
from django.db.models import Q

from sahel.migrations import _triggers


class Migration(migrations.Migration):
    dependencies = [("sahel", "0009_former_slugs")]
    operations = [
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.AlterField(
            "event",
            "publication",
            models.CharField(
                "publication",
                max_length=10,
                choices=[
                    ("draft", "Draft"),
                    ("review", "In review"),
                    ("published", "Published"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="draft",
            ),
        ),
        migrations.AddField(
            "event",
            "withdrawal_en",
            models.TextField(
                "why it was withdrawn, in English",
                blank=True,
                default="",
                help_text="Readers who follow its address are told so.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "event",
            "withdrawal_fr",
            models.TextField("why it was withdrawn, in French", blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "event",
            models.CheckConstraint(
                condition=~Q(publication="withdrawn") | ~Q(withdrawal_en="") | ~Q(withdrawal_fr=""),
                name="event_withdrawn_for_a_reason",
                violation_error_message="Say why it is withdrawn, in English or in French.",
            ),
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
    ]
