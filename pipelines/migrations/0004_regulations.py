from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0003_violations")]
    operations = []
