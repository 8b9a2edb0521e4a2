from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0024_calls_of_people")]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="key",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("by", "key"),
                name="one_batch_a_form",
            ),
        ),
    ]
