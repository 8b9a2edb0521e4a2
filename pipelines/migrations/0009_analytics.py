from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0008_undo")]
    operations = []
