"""The figures that quotations give, of whose changes readers' pages and the history learn."""

import django.db.models.deletion
from django.db import migrations, models

ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
RAISE = (
    "INSERT INTO sahel_record (id, version, renamed, emptied) VALUES (1, 1, 0, 0) "
    "ON CONFLICT (id) DO UPDATE SET version = sahel_record.version + 1;"
)
NOTE = (
    "INSERT INTO sahel_unrecorded (event) SELECT DISTINCT q.event_id FROM sahel_quotation q "
    "WHERE q.id IN ({quotations}) ON CONFLICT (event) DO NOTHING;"
)


def create(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        note = NOTE.format(quotations="SELECT quotation_id FROM changed")
        run(
            "CREATE FUNCTION sahel_estimate_noted() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF EXISTS (SELECT 1 FROM changed) THEN {RAISE} {note} END IF; "
            "RETURN NULL; END $$"
        )
        for action, rows in ROWS.items():
            for row in rows:
                run(
                    f"CREATE TRIGGER sahel_estimate_noted_{action.lower()}_{row.lower()} "
                    f"AFTER {action} ON sahel_estimate REFERENCING {row} TABLE AS changed "
                    "FOR EACH STATEMENT EXECUTE FUNCTION sahel_estimate_noted()"
                )
        run(
            "CREATE TRIGGER sahel_estimate_emptied AFTER TRUNCATE ON sahel_estimate "
            "FOR EACH STATEMENT EXECUTE FUNCTION sahel_emptied()"
        )
    else:
        for action, rows in ROWS.items():
            note = NOTE.format(quotations=", ".join(f"{row}.quotation_id" for row in rows))
            run(
                f"CREATE TRIGGER sahel_estimate_noted_{action.lower()} AFTER {action} "
                f"ON sahel_estimate BEGIN {RAISE} {note} END"
            )


def drop(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        run("DROP FUNCTION sahel_estimate_noted() CASCADE")
        run("DROP TRIGGER sahel_estimate_emptied ON sahel_estimate")
    else:
        for action in ROWS:
            run(f"DROP TRIGGER sahel_estimate_noted_{action.lower()}")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0012_gate")]
    operations = [
        migrations.CreateModel(
            name='Estimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(help_text='Letter by letter as in the quotation, for example: several thousand people.', max_length=200, verbose_name='its words for the figure')),
                ('measure', models.CharField(choices=[('killed', 'killed'), ('wounded', 'wounded'), ('missing', 'missing'), ('abducted', 'abducted'), ('detained', 'detained'), ('displaced', 'displaced'), ('troops', 'troops'), ('demonstrators', 'demonstrators'), ('other', 'something else')], max_length=15, verbose_name='what is counted')),
                ('low', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='at least')),
                ('best', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='number given')),
                ('high', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='at most')),
                ('of_whom_en', models.CharField(blank=True, help_text='Whom alone the figure counts: civilians, French soldiers.', max_length=100, verbose_name='of whom, in English')),
                ('of_whom_fr', models.CharField(blank=True, max_length=100, verbose_name='of whom, in French')),
                ('unit_en', models.CharField(blank=True, help_text='Where it does not count people: vehicles, euros.', max_length=50, verbose_name='unit, in English')),
                ('unit_fr', models.CharField(blank=True, max_length=50, verbose_name='unit, in French')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('quotation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='estimates', to='sahel.quotation', verbose_name='quotation')),
            ],
            options={
                'verbose_name': 'figure',
                'verbose_name_plural': 'figures',
                'ordering': ['quotation__order', 'quotation_id', 'order', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('low__isnull', False), ('best__isnull', False), ('high__isnull', False), _connector='OR'), name='estimate_has_a_figure', violation_error_message='Give a figure, or the least or the most it may be.'), models.CheckConstraint(condition=models.Q(models.Q(('low', None), ('best', None), ('low__lte', models.F('best')), _connector='OR'), models.Q(('best', None), ('high', None), ('best__lte', models.F('high')), _connector='OR'), models.Q(('low', None), ('high', None), ('low__lte', models.F('high')), _connector='OR')), name='estimate_low_best_high', violation_error_message='The least must not be more than the figure, nor the figure than the most.'), models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='estimate_has_words'), models.CheckConstraint(condition=models.Q(models.Q(('measure', 'other'), _negated=True), models.Q(('unit_en', ''), _negated=True), models.Q(('unit_fr', ''), _negated=True), _connector='OR'), name='estimate_other_has_a_unit', violation_error_message='Say what is counted: give the unit.'), models.UniqueConstraint(fields=('quotation', 'words', 'measure'), name='estimate_once_per_words', violation_error_message='The quotation has that figure already.')],
            },
        ),
        migrations.RunPython(create, drop),
    ]
