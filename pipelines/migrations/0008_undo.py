from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0007_unchangeable_feed")]
    operations = []
