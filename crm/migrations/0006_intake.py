import secrets

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [("calls", "calls"), ("forms", "forms"), ("messages", "messages"), ("letters", "letters")]


class Migration(migrations.Migration):
    dependencies = [("crm", "0005_naming_rules")]
    operations = [
        migrations.AddField(
            model_name="team",
            name="playbook",
            field=models.SlugField(
                blank=True,
                default="",
                help_text="Where several companies share an installation: people of this team, and of the teams below it, work in the pipelines of this playbook only, and only they are given its deals. Empty: in all of them.",
                verbose_name="works by the playbook",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="contactpoint",
            name="kind",
            field=models.CharField(
                choices=[
                    ("phone", "phone"),
                    ("email", "e-mail"),
                    ("telegram", "Telegram"),
                    ("whatsapp", "WhatsApp"),
                    ("chat", "chat on the site"),
                    ("social", "social network"),
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="ClientRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(unique=True, verbose_name="playbook")),
                (
                    "one_manager",
                    models.CharField(
                        blank=True,
                        help_text="Empty: whose client it is, is only said.",
                        max_length=20,
                        verbose_name="clause “a client belongs to one manager”",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule about clients",
                "verbose_name_plural": "rules about clients",
            },
        ),
        migrations.CreateModel(
            name="IntakeRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(verbose_name="playbook")),
                (
                    "source",
                    models.SlugField(blank=True, help_text="Empty: any.", verbose_name="source"),
                ),
                (
                    "kind",
                    models.CharField(choices=KINDS, max_length=8, verbose_name="kind"),
                ),
                ("pipeline", models.SlugField(blank=True, verbose_name="pipeline")),
                (
                    "also",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="also known deals of",
                    ),
                ),
                ("role", models.SlugField(blank=True, verbose_name="to somebody of the role")),
                (
                    "distribute",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("least_busy", "to the one with the fewest open deals"),
                            ("in_turn", "strictly in turn"),
                        ],
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="tags",
                    ),
                ),
                ("fields", models.JSONField(blank=True, default=dict, verbose_name="fields")),
            ],
            options={
                "verbose_name": "rule of intake",
                "verbose_name_plural": "rules of intake",
                "ordering": ["playbook", "source", "kind"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("playbook", "source", "kind"), name="one_intake_rule_a_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IntakeSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.SlugField(
                        help_text="A part of the address it posts to.",
                        unique=True,
                        verbose_name="code",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("playbook", models.SlugField(verbose_name="playbook")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=KINDS, max_length=8),
                        size=None,
                        verbose_name="what it may send",
                    ),
                ),
                (
                    "pipeline",
                    models.SlugField(
                        blank=True,
                        help_text="Empty: as the playbook says.",
                        verbose_name="pipeline",
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Put on besides those of the playbook, separated by commas.",
                        size=None,
                        verbose_name="tags",
                    ),
                ),
                (
                    "secret",
                    models.CharField(
                        default=secrets.token_hex, max_length=128, verbose_name="secret"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in force")),
            ],
            options={
                "verbose_name": "source of requests",
                "verbose_name_plural": "sources of requests",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField()),
                ("role", models.SlugField()),
                (
                    "last",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("playbook", "role"), name="one_turn_a_role")
                ],
            },
        ),
    ]
