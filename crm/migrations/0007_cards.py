"""The tags that a playbook has prepared, and an index of the deals without a task."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0006_intake")]

    operations = [
        migrations.CreateModel(
            name="TagList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(unique=True, verbose_name="playbook")),
                (
                    "only",
                    models.BooleanField(
                        default=False,
                        help_text="People put on these tags alone; rules may add others.",
                        verbose_name="no other tags",
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=20, verbose_name="clause")),
            ],
            options={
                "verbose_name": "list of tags",
                "verbose_name_plural": "lists of tags",
                "ordering": ["playbook"],
            },
        ),
        migrations.CreateModel(
            name="ListedTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="crm.taglist",
                        verbose_name="list of tags",
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="crm.tag",
                        verbose_name="tag",
                    ),
                ),
            ],
            options={
                "verbose_name": "tag on the list",
                "verbose_name_plural": "tags on the list",
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("list", "tag"), name="a_tag_stands_on_a_list_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(
                    ("archived_at", None), ("next_task_at", None), ("status", "open")
                ),
                fields=["stage", "owner"],
                name="deal_without_task",
            ),
        ),
    ]
