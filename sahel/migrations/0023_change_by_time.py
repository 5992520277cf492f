"""An index of the history by time: what stood on a day is asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sahel", "0022_alerts")]
    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["at"], name="change_by_time"),
        ),
    ]
