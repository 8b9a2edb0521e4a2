from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0002_rearmed_edition")]
    operations = []
