from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0001_initial")]

    operations = [
        # Zero for the pipelines there are: the next hour counts their deals' timers anew, once.
        migrations.AddField(
            model_name="pipeline",
            name="rearmed_edition",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
