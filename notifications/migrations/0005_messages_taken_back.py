import django_fsm
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_letters_to_companies")]
    operations = [
        migrations.AlterField(
            model_name="message",
            name="status",
            field=django_fsm.FSMField(
                choices=[
                    ("queued", "queued"),
                    ("sending", "being sent"),
                    ("sent", "sent"),
                    ("failed", "failed"),
                    ("undone", "taken back"),
                ],
                default="queued",
                max_length=7,
                protected=True,
                verbose_name="status",
            ),
        ),
    ]
