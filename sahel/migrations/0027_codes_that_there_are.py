"""Keys of apps are encrypted; recovery codes get a salt and a slow hash over the one they had.

So all of them go on working. It may be cut off, and goes on where it was: an account at a time, so
that nobody waits for a lock while hashes are worked out, at 1.5 seconds for ten.
"""

import secrets

from django.db import migrations, transaction

from sahel.models.codes import RecoveryCode, sealed, slowly


def keep_better(apps, schema_editor):
    """Take over all that editors have."""
    tokens = apps.get_model("otp_static", "StaticToken").objects
    codes = apps.get_model("sahel", "RecoveryCode")
    of = {}
    for user, token in tokens.values_list("device__user", "token"):
        of.setdefault(user, []).append(token)
    for user, keyed in of.items():
        salt, rounds = secrets.token_hex(16), RecoveryCode.ROUNDS
        rows = [
            codes(user_id=user, salt=salt, rounds=rounds, kept=slowly(each, salt, rounds))
            for each in keyed
        ]
        with transaction.atomic():
            codes.objects.bulk_create(rows)
            tokens.filter(device__user=user).delete()
    with transaction.atomic():
        for device in apps.get_model("otp_totp", "TOTPDevice").objects.select_for_update():
            if len(device.key) == 40:  # hexadecimal: not encrypted yet
                device.key = sealed(bytes.fromhex(device.key), device.user_id)
                device.save(update_fields=["key"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("sahel", "0026_codes_kept_better"),
        ("otp_static", "0003_add_timestamps"),
    ]

    operations = [migrations.RunPython(keep_better, migrations.RunPython.noop)]
