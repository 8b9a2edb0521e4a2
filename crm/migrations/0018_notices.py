from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crm", "0017_task_calendar")]
    operations = []
