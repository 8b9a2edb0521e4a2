import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def link(to, on_delete, **options):
    return models.ForeignKey(on_delete=on_delete, to=to, **options)


CASCADE = django.db.models.deletion.CASCADE
SET_NULL = django.db.models.deletion.SET_NULL


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0005_naming_rules"),
        ("pipelines", "0003_violations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Regulation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(unique=True, verbose_name="playbook")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "effective",
                    models.DateField(blank=True, null=True, verbose_name="in force from"),
                ),
                ("edition", models.PositiveIntegerField(default=0, verbose_name="edition")),
                ("text_hash", models.CharField(editable=False, max_length=64)),
                ("changed_at", models.DateTimeField(verbose_name="words changed at")),
            ],
            options={
                "verbose_name": "regulation",
                "verbose_name_plural": "regulations",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Clause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20, verbose_name="number")),
                ("words", models.TextField(blank=True, verbose_name="words")),
                ("section", models.CharField(blank=True, max_length=200, verbose_name="section")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "regulation",
                    link(
                        "pipelines.regulation",
                        CASCADE,
                        related_name="clauses",
                        verbose_name="regulation",
                    ),
                ),
            ],
            options={
                "verbose_name": "clause",
                "verbose_name_plural": "clauses",
                "ordering": ["regulation", "position"],
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("edition", models.PositiveIntegerField(verbose_name="edition")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "regulation",
                    link(
                        "pipelines.regulation",
                        CASCADE,
                        related_name="readings",
                        verbose_name="regulation",
                    ),
                ),
                (
                    "user",
                    link(
                        settings.AUTH_USER_MODEL, CASCADE, related_name="+", verbose_name="person"
                    ),
                ),
            ],
            options={"verbose_name": "reading", "verbose_name_plural": "readings"},
        ),
        migrations.CreateModel(
            name="LoggedRefusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("clause", models.CharField(max_length=20, verbose_name="clause")),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("move", "a move"),
                            ("open", "opening a deal"),
                            ("outcome", "an outcome"),
                        ],
                        max_length=7,
                        verbose_name="way",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "pipeline",
                    link(
                        "pipelines.pipeline",
                        CASCADE,
                        db_index=False,
                        related_name="+",
                        verbose_name="pipeline",
                    ),
                ),
                (
                    "rule",
                    link(
                        "pipelines.rule", SET_NULL, null=True, related_name="+", verbose_name="rule"
                    ),
                ),
                (
                    "deal",
                    link(
                        "crm.deal",
                        django.db.models.deletion.DO_NOTHING,
                        null=True,
                        db_constraint=False,
                        related_name="+",
                        verbose_name="deal",
                    ),
                ),
                (
                    "by",
                    link(
                        settings.AUTH_USER_MODEL,
                        SET_NULL,
                        null=True,
                        related_name="+",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "refusal of the system",
                "verbose_name_plural": "refusals of the system",
            },
        ),
        migrations.AlterField(
            model_name="rulerun",
            name="rule",
            field=link(
                "pipelines.rule", CASCADE, db_index=False, related_name="runs", verbose_name="rule"
            ),
        ),
        migrations.AddIndex(
            model_name="rulerun",
            index=models.Index(
                fields=["rule", "at"], include=("status",), name="rulerun_of_a_rule"
            ),
        ),
        migrations.AddIndex(
            model_name="loggedrefusal",
            index=models.Index(
                fields=["pipeline", "at"], include=("clause",), name="refusals_of_a_pipeline"
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.UniqueConstraint(
                fields=("user", "regulation", "edition"), name="an_edition_is_read_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clause",
            constraint=models.UniqueConstraint(
                fields=("regulation", "code"), name="one_clause_a_number"
            ),
        ),
    ]
