"""An address with a user name or a password in it is refused; those on record lose them."""

import re

from django.db import migrations, models
from django.db.models import Q

from sahel.migrations import _triggers

WITH_CREDENTIALS = r"^[A-Za-z]+://[^/?#]*@"
TOLD = "The address must begin with https:// or http://, and hold no user name or password."
COLUMNS = "url", "archived_url"


def on_the_web(name):
    scheme = Q((f"{name}__istartswith", "https://")) | Q((f"{name}__istartswith", "http://"))
    condition = Q((name, "")) | (scheme & ~Q((f"{name}__regex", WITH_CREDENTIALS)))
    return models.CheckConstraint(
        condition=condition, name=f"source_{name}_on_the_web", violation_error_message=TOLD
    )


def take_out(apps, schema_editor):
    sources = apps.get_model("sahel", "Source").objects
    for name in COLUMNS:
        for source in sources.filter(**{f"{name}__regex": WITH_CREDENTIALS}):
            bare = re.sub(r"^([A-Za-z]+://)[^/?#]*@", r"\1", getattr(source, name))
            sources.filter(pk=source.pk).update(**{name: bare})


class Migration(migrations.Migration):
    dependencies = [("sahel", "0017_workflow")]
    operations = [
        migrations.RunPython(take_out, migrations.RunPython.noop),
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        *(migrations.RemoveConstraint("source", f"source_{name}_on_the_web") for name in COLUMNS),
        *(migrations.AddConstraint("source", on_the_web(name)) for name in COLUMNS),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
    ]
