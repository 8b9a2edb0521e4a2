from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# Whatever goes around the models is refused as well.
KEPT = """
CREATE FUNCTION pipelines_kept_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is on record in % is never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER kept_for_good BEFORE DELETE ON pipelines_violation
    FOR EACH ROW EXECUTE FUNCTION pipelines_kept_for_good();
CREATE TRIGGER kept_for_good BEFORE DELETE ON pipelines_override
    FOR EACH ROW EXECUTE FUNCTION pipelines_kept_for_good();
"""
NOT_KEPT = """
DROP TRIGGER kept_for_good ON pipelines_violation;
DROP TRIGGER kept_for_good ON pipelines_override;
DROP FUNCTION pipelines_kept_for_good();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0002_links"),
        ("pipelines", "0002_rearmed_edition"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="rule",
            name="overridable_by",
            field=ArrayField(
                base_field=models.CharField(max_length=150),
                blank=True,
                default=list,
                help_text="Roles that may pass the requirement once, with a reason and a day by which it is put right.",
                size=None,
                verbose_name="may be passed by",
            ),
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule_code",
                    models.CharField(blank=True, max_length=120, verbose_name="rule's code"),
                ),
                ("clause", models.CharField(max_length=20, verbose_name="clause")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("message", models.CharField(max_length=500, verbose_name="what the rule said")),
                ("reason", models.TextField(verbose_name="reason")),
                ("until", models.DateField(verbose_name="to be put right by")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="crm.deal",
                        verbose_name="deal",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=models.PROTECT,
                        related_name="overrides",
                        to="pipelines.event",
                        verbose_name="feed entry",
                    ),
                ),
                (
                    "pipeline",
                    models.ForeignKey(
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="pipelines.pipeline",
                        verbose_name="pipeline",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.SET_NULL,
                        related_name="+",
                        to="pipelines.rule",
                        verbose_name="rule",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="crm.task",
                        verbose_name="task",
                    ),
                ),
            ],
            options={
                "verbose_name": "override",
                "verbose_name_plural": "overrides",
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="override_register"),
                    models.Index(fields=["by", "-at"], name="override_of_a_person"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="an_override_says_why",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Violation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule_code",
                    models.CharField(blank=True, max_length=120, verbose_name="rule's code"),
                ),
                ("clause", models.CharField(max_length=20, verbose_name="clause")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "text",
                    models.CharField(blank=True, max_length=500, verbose_name="what was broken"),
                ),
                ("allowed", models.CharField(blank=True, max_length=30, verbose_name="allowed")),
                ("over", models.DurationField(null=True, verbose_name="by how much")),
                ("occasion", models.CharField(max_length=100, verbose_name="occasion")),
                ("explanation", models.TextField(blank=True, verbose_name="explanation")),
                ("explained_at", models.DateTimeField(null=True, verbose_name="explained at")),
                ("excuse", models.TextField(blank=True, verbose_name="why it was excused")),
                ("excused_at", models.DateTimeField(null=True, verbose_name="excused at")),
                (
                    "culprit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="culprit",
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="crm.deal",
                        verbose_name="deal",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="pipelines.event",
                        verbose_name="found by",
                    ),
                ),
                (
                    "excused_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="excused by",
                    ),
                ),
                (
                    "explained_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="explained by",
                    ),
                ),
                (
                    "pipeline",
                    models.ForeignKey(
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="pipelines.pipeline",
                        verbose_name="pipeline",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.SET_NULL,
                        related_name="+",
                        to="pipelines.rule",
                        verbose_name="rule",
                    ),
                ),
            ],
            options={
                "verbose_name": "violation",
                "verbose_name_plural": "violations",
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="violation_register"),
                    models.Index(fields=["culprit", "-at"], name="violation_of_a_person"),
                    models.Index(
                        condition=models.Q(("excused_at", None), ("explained_at", None)),
                        fields=["culprit"],
                        name="violation_unanswered",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deal", "rule_code", "occasion"), name="one_violation_an_occasion"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("excused_at", None),
                            models.Q(("excuse", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="an_excuse_says_why",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
    ]
