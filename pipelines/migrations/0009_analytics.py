from django.db import migrations


class Migration(migrations.Migration):
    """Funnels are counted from `crm_passage`; nothing asked for this index, and every move wrote to it."""

    dependencies = [("pipelines", "0008_undo")]
    operations = [migrations.RemoveIndex("stagechange", "stagechange_funnel")]
