import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Func, Q, Value


class Migration(migrations.Migration):
    dependencies = [("crm", "0016_mentions")]
    operations = [
        migrations.AddField(
            model_name="task",
            name="minutes",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="takes, minutes"
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="remind_minutes",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="remind before, minutes"
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="remind_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="remind at"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["owner", "due_at", "id"], name="tasks_of_an_owner_by_time"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                fields=["due_at", "id"], condition=Q(state="open"), name="tasks_open_by_time"
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                fields=["remind_at"],
                condition=Q(state="open", remind_at__isnull=False),
                name="task_reminder_due",
            ),
        ),
        migrations.CreateModel(
            name="Leave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "told_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="deputy told at"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leaves",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "deputy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "leave",
                "verbose_name_plural": "leaves",
                "ordering": ["starts_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(ends_at__gte=F("starts_at")),
                        name="a_leave_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=~Q(user=F("deputy")), name="nobody_stands_in_for_himself"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        name="one_leave_of_a_person_at_a_time",
                        expressions=[
                            (
                                Func(
                                    F("user"),
                                    F("user"),
                                    Value("[]"),
                                    function="int8range",
                                    output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField(),
                                ),
                                "&&",
                            ),
                            (
                                Func(
                                    F("starts_at"),
                                    F("ends_at"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                    ),
                ],
            },
        ),
    ]
