from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0009_payments")]
    operations = [
        migrations.AddField(
            model_name="deal",
            name="scenarios_off",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                verbose_name="no scenario acts on it any more",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="on_top",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="first of its day"
            ),
        ),
    ]
