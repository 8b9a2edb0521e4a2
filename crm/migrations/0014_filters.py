import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0013_rights")]
    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "pipeline",
                    models.SlugField(blank=True, db_index=False, verbose_name="pipeline"),
                ),
                ("query", models.TextField(verbose_name="question")),
                (
                    "shared_with_everybody",
                    models.BooleanField(default=False, verbose_name="shared with everybody"),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(default=0, verbose_name="position"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_filters",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "shared_with_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="crm.team",
                        verbose_name="shared with the team",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved filter",
                "verbose_name_plural": "saved filters",
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"),
                        django.db.models.functions.text.Lower("name"),
                        name="one_saved_filter_a_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("shared_with_team", None),
                            ("shared_with_everybody", False),
                            _connector="OR",
                        ),
                        name="a_filter_is_shared_in_one_way",
                    ),
                ],
            },
        ),
    ]
