"""Draft, review, publication, withdrawal: who may do what, and when something is to be published.

What was approved or scheduled in review is so as it was then: where contents change, it is no more.
"""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from sahel.migrations import _triggers

approval = import_module("sahel.migrations.0016_approval_of_contents")
TAKE_BACK = (
    "UPDATE sahel_event SET approved_by_id = NULL, publish_at = NULL, scheduled_by_id = NULL "
    "WHERE id IN ({events}) AND (approved_by_id IS NOT NULL OR publish_at IS NOT NULL) "
    "AND (publication <> 'published' OR coalesce((SELECT r.approval FROM sahel_record r), false));"
)
PARTS = "quotation", "estimate", "involvement", "reference"
NAMED = "actor", "place", "source"
# Who may do what, in words of permissions; each has what the one before has.
CONTRIBUTOR = [
    *(f"{action}_{part}" for action in ("view", "add", "change", "delete") for part in PARTS),
    *(f"{action}_{name}" for action in ("view", "add", "change") for name in NAMED),
    *("view_sourcetext", "add_sourcetext", "view_event", "add_event", "change_event"),
]
EDITOR = [*CONTRIBUTOR, *(f"delete_{name}" for name in ("event", *NAMED)), "review_event"]
OF_PUBLISHER = "review_event", "publish_event"  # besides all that it has


def triggers():
    """Give what takes an approval back: the table, the action, of which rows, when, which events.

    PostgreSQL asks for all rows of a statement together, but where the columns count: one question
    for each row took three quarters of the time of a long import.
    """
    for table, (of, columns) in approval.PARTS.items():
        for action, rows in approval.ROWS.items():
            yield table, action, rows, columns if action == "UPDATE" else None, of


def replace_triggers(apps, schema_editor):
    approval.drop(apps, schema_editor)
    run = schema_editor.execute
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    unlike, alike = ("IS DISTINCT FROM", "IS NOT DISTINCT FROM") if on_postgresql else ("IS NOT", "IS")
    changed = f"{approval.differ(approval.OF_AN_EVENT, unlike)} AND OLD.approved_by_id {alike} NEW.approved_by_id"
    by_row("sahel_event_disapproves_update", "sahel_event", "UPDATE", changed, "NEW.id", run, on_postgresql)
    for table, action, rows, columns, of in triggers():
        name = f"{table}_disapproves_{action.lower()}"
        if on_postgresql and not columns:
            for row in rows:
                by_statement(f"{name}_{row.lower()}", table, action, row, of, run)
        else:
            events = ", ".join(of.format(row=row) for row in rows)
            when = approval.differ(columns, unlike) if columns else ""
            by_row(name, table, action, when, events, run, on_postgresql)


def by_row(name, table, action, when, events, run, on_postgresql):
    then, condition = TAKE_BACK.format(events=events), f"WHEN ({when})" if when else ""
    if on_postgresql:
        run(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {then} RETURN NULL; END $$"
        )
        run(
            f"CREATE TRIGGER {name} AFTER {action} ON {table} FOR EACH ROW {condition} "
            f"EXECUTE FUNCTION {name}()"
        )
    else:
        run(f"CREATE TRIGGER {name} AFTER {action} ON {table} {condition} BEGIN {then} END")


def by_statement(name, table, action, row, of, run):
    then = TAKE_BACK.format(events=f"SELECT {of.format(row='changed')} FROM changed")
    run(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {then} RETURN NULL; END $$"
    )
    run(
        f"CREATE TRIGGER {name} AFTER {action} ON {table} REFERENCING {row} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def put_back_triggers(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        names = ["sahel_event_disapproves_update"]
        for table, action, rows, columns, _of in triggers():
            name = f"{table}_disapproves_{action.lower()}"
            names += [name] if columns else [f"{name}_{row.lower()}" for row in rows]
        for name in names:
            run(f"DROP FUNCTION {name}() CASCADE")
    else:
        approval.drop(apps, schema_editor)
    approval.create(apps, schema_editor)


def create_groups(apps, schema_editor):
    config = apps.get_app_config("sahel")
    config.models_module = True  # which a migration lacks and the function looks for
    create_permissions(config, apps=apps, verbosity=0)
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ours = permission.objects.filter(content_type__app_label="sahel")
    for name, wanted in {"Contributor": CONTRIBUTOR, "Editor": EDITOR}.items():
        group.objects.get_or_create(name=name)[0].permissions.set(
            ours.filter(codename__in=wanted)
        )
    group.objects.filter(name="Editors").update(name="Publisher")
    publisher, _made = group.objects.get_or_create(name="Publisher")
    publisher.permissions.add(*ours.filter(codename__in=[*EDITOR, *OF_PUBLISHER]))


def drop_groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects
    groups.filter(name__in=["Contributor", "Editor"]).delete()
    groups.filter(name="Publisher").update(name="Editors")


class Migration(migrations.Migration):
    dependencies = [
        ("sahel", "0016_approval_of_contents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.AlterModelOptions(
            "event",
            {
                "ordering": ["sort_date", "position", "pk"],
                "permissions": [
                    ("review_event", "Can approve events and send them back"),
                    ("publish_event", "Can publish and withdraw events, and change what is public"),
                ],
                "verbose_name": "event",
                "verbose_name_plural": "events",
            },
        ),
        migrations.AddField(
            "event",
            "publish_at",
            models.DateTimeField("publish on", editable=False, null=True),
        ),
        migrations.AddField(
            "event",
            "scheduled_by",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                verbose_name="scheduled by",
                on_delete=django.db.models.deletion.SET_NULL,
                null=True,
                editable=False,
                related_name="+",
            ),
        ),
        migrations.AddConstraint(
            "event",
            models.CheckConstraint(
                condition=models.Q(("publish_at", None), ("publication", "review"), _connector="OR"),
                name="event_scheduled_in_review",
                violation_error_message="Only what is in review can be scheduled.",
            ),
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
        migrations.CreateModel(
            "Opening",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("key", models.PositiveBigIntegerField()),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("heard", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "key", "user"), name="opening_once_each"
                    )
                ]
            },
        ),
        migrations.RunPython(replace_triggers, put_back_triggers),
        migrations.RunPython(create_groups, drop_groups),
    ]
