# A saved filter is of a list; until now all were of deals.

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0025_batch_key")]
    operations = [
        migrations.AddField(
            model_name="savedfilter",
            name="list",
            field=models.SlugField(
                db_index=False, default="deals", max_length=60, verbose_name="list"
            ),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="savedfilter", name="one_saved_filter_a_name"),
        migrations.AddConstraint(
            model_name="savedfilter",
            constraint=models.UniqueConstraint(
                models.F("owner"),
                models.F("list"),
                django.db.models.functions.text.Lower("name"),
                name="one_saved_filter_a_name",
            ),
        ),
    ]
