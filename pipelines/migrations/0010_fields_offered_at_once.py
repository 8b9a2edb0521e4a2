"""Any field can be filtered by since the filter unfolds; the flag says which ones it offers at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0009_analytics")]

    operations = [
        migrations.AlterField(
            model_name="field",
            name="in_filter",
            field=models.BooleanField(
                default=False,
                help_text="Offered at once in the filter of deals; the other fields are unfolded there.",
                verbose_name="in the filter",
            ),
        ),
    ]
