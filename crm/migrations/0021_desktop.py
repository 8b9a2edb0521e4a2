import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def link(to, on_delete, words, **options):
    return models.ForeignKey(
        on_delete=on_delete, related_name="+", to=to, verbose_name=words, **options
    )


CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT
MAYBE = {"blank": True, "null": True}


class Migration(migrations.Migration):
    dependencies = [("crm", "0020_analytics"), ("pipelines", "0008_undo")]
    operations = [
        migrations.CreateModel(
            name="Goal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(help_text="Its first day.", verbose_name="month")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "amount",
                    models.DecimalField(
                        **MAYBE, decimal_places=2, max_digits=14, verbose_name="sum"
                    ),
                ),
                ("count", models.PositiveIntegerField(**MAYBE, verbose_name="number of deals")),
                ("set_at", models.DateTimeField(verbose_name="set at")),
                (
                    "pipeline",
                    link("pipelines.pipeline", PROTECT, "pipeline", **MAYBE, db_index=False),
                ),
                ("set_by", link(settings.AUTH_USER_MODEL, PROTECT, "set by", db_index=False)),
                ("team", link("crm.team", CASCADE, "team", **MAYBE)),
                (
                    "user",
                    link(settings.AUTH_USER_MODEL, CASCADE, "person", **MAYBE, db_index=False),
                ),
            ],
            options={"verbose_name": "goal", "verbose_name_plural": "goals"},
        ),
        migrations.AddConstraint(
            "goal",
            models.UniqueConstraint(
                fields=("month", "user", "team", "pipeline", "currency"),
                name="one_goal_a_month",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            "goal",
            models.CheckConstraint(
                condition=Q(user=None, team__isnull=False) | Q(user__isnull=False, team=None),
                name="a_goal_is_a_persons_or_a_teams",
            ),
        ),
        migrations.AddConstraint(
            "goal",
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(count__gt=0), name="a_goal_asks_for_something"
            ),
        ),
        migrations.AddConstraint(
            "goal",
            models.CheckConstraint(condition=Q(month__day=1), name="a_goal_is_of_a_whole_month"),
        ),
        migrations.AddField(
            "deal",
            "unanswered_since",
            models.DateTimeField(blank=True, null=True, verbose_name="waits for an answer since"),
        ),
        migrations.AddIndex(
            "deal",
            models.Index(
                fields=["owner", "stage_deadline"],
                condition=Q(archived_at=None, status="open", stage_deadline__isnull=False),
                name="deal_limits_of_an_owner",
            ),
        ),
        migrations.AddIndex(
            "deal",
            models.Index(
                fields=["owner", "unanswered_since"],
                condition=Q(archived_at=None, unanswered_since__isnull=False),
                name="deal_unanswered",
            ),
        ),
    ]
