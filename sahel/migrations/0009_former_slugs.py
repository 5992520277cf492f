"""Slugs that were changed, kept by the database itself so that old addresses lead on."""

from django.db import migrations, models
from django.db.models import UniqueConstraint

KINDS = "event", "actor", "place", "source"
KEEP = (
    "INSERT INTO sahel_formerslug (kind, slug, key) VALUES ('{kind}', OLD.slug, OLD.id) "
    "ON CONFLICT (kind, slug) DO UPDATE SET key = excluded.key"
)


def create(apps, schema_editor):
    for kind in KINDS:
        keep = KEEP.format(kind=kind)
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE FUNCTION sahel_{kind}_renamed() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {keep}; RETURN NULL; END $$"
            )
            schema_editor.execute(
                f"CREATE TRIGGER sahel_{kind}_renamed AFTER UPDATE OF slug ON sahel_{kind} "
                "FOR EACH ROW WHEN (OLD.slug <> NEW.slug) "
                f"EXECUTE FUNCTION sahel_{kind}_renamed()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER sahel_{kind}_renamed AFTER UPDATE OF slug ON sahel_{kind} "
                f"WHEN OLD.slug <> NEW.slug BEGIN {keep}; END"
            )


def drop(apps, schema_editor):
    for kind in KINDS:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER sahel_{kind}_renamed ON sahel_{kind}")
            schema_editor.execute(f"DROP FUNCTION sahel_{kind}_renamed()")
        else:
            schema_editor.execute(f"DROP TRIGGER sahel_{kind}_renamed")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0008_checked_quotations")]
    operations = [
        migrations.CreateModel(
            "FormerSlug",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("slug", models.SlugField(max_length=100)),
                ("key", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    UniqueConstraint(fields=["kind", "slug"], name="former_slug_of_one")
                ]
            },
        ),
        migrations.RunPython(create, drop),
    ]
