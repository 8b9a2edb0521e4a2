from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0007_unchangeable_feed")]
    operations = [
        migrations.AddField(
            model_name="stagechange",
            name="before",
            field=models.JSONField(default=dict, verbose_name="as it was before"),
        ),
        migrations.AddField(
            model_name="stagechange",
            name="undone_at",
            field=models.DateTimeField(null=True, verbose_name="undone at"),
        ),
        migrations.AlterField(
            model_name="rulerun",
            name="status",
            field=models.CharField(
                choices=[
                    ("ok", "done"),
                    ("skipped", "condition not met"),
                    ("failed", "failed"),
                    ("looped", "stopped in a loop"),
                    ("undone", "taken back"),
                ],
                max_length=7,
                verbose_name="status",
            ),
        ),
    ]
