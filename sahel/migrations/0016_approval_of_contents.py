"""Where publishing takes two people, what one changes in a public event has to be approved anew.

The approval is taken back by whatever changes the contents, unless the same statement gives it.
"""

from django.db import migrations

OF_AN_EVENT = (
    "slug title_en title_fr summary_en summary_fr kind status date date_basis date_words "
    "date_note_en date_note_fr position note_en note_fr"
).split()
OF_A_QUOTATION = (  # but for what a check of it finds
    "event_id source_id exact language speaker_id speaker_role_en speaker_role_fr stance page "
    'why_uncheckable_en why_uncheckable_fr "order"'
).split()
BY_EVENT = "{row}.event_id"
BY_QUOTATION = "(SELECT q.event_id FROM sahel_quotation q WHERE q.id = {row}.quotation_id)"
PARTS = {  # the table, what leads to its event, and which columns count (None: any)
    "sahel_event_places": (BY_EVENT, None),
    "sahel_involvement": (BY_EVENT, None),
    "sahel_reference": (BY_EVENT, None),
    "sahel_quotation": (BY_EVENT, OF_A_QUOTATION),
    "sahel_estimate": (BY_QUOTATION, None),
}
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
TAKE_BACK = (
    "UPDATE sahel_event SET approved_by_id = NULL WHERE id IN ({events}) "
    "AND approved_by_id IS NOT NULL AND publication = 'published' "
    "AND coalesce((SELECT r.approval FROM sahel_record r), false);"
)


def differ(columns, sign):
    return "(" + " OR ".join(f"OLD.{column} {sign} NEW.{column}" for column in columns) + ")"


def create(apps, schema_editor):
    run = schema_editor.execute
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    unlike, alike = ("IS DISTINCT FROM", "IS NOT DISTINCT FROM") if on_postgresql else ("IS NOT", "IS")
    changed = f"{differ(OF_AN_EVENT, unlike)} AND OLD.approved_by_id {alike} NEW.approved_by_id"
    triggers = [("sahel_event", "UPDATE", changed, "NEW.id")]
    for table, (of, columns) in PARTS.items():
        for action, rows in ROWS.items():
            when = differ(columns, unlike) if columns and action == "UPDATE" else ""
            triggers.append((table, action, when, ", ".join(of.format(row=row) for row in rows)))
    for table, action, when, events in triggers:
        name = f"{table}_disapproves_{action.lower()}"
        then = TAKE_BACK.format(events=events)
        condition = f"WHEN ({when})" if when else ""
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


def drop(apps, schema_editor):
    run = schema_editor.execute
    for table, actions in {"sahel_event": ["UPDATE"], **dict.fromkeys(PARTS, ROWS)}.items():
        for action in actions:
            name = f"{table}_disapproves_{action.lower()}"
            if schema_editor.connection.vendor == "postgresql":
                run(f"DROP FUNCTION {name}() CASCADE")
            else:
                run(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0015_held_harder")]
    operations = [migrations.RunPython(create, drop)]
