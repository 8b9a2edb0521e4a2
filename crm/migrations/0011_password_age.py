import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0010_scenarios")]
    operations = [
        migrations.CreateModel(
            name="PasswordRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(unique=True, verbose_name="playbook")),
                (
                    "months",
                    models.PositiveSmallIntegerField(verbose_name="months a password is good for"),
                ),
                (
                    "warn_days",
                    models.PositiveSmallIntegerField(default=14, verbose_name="days of warning"),
                ),
                ("clause", models.CharField(max_length=20, verbose_name="clause")),
            ],
            options={
                "verbose_name": "rule about passwords",
                "verbose_name_plural": "rules about passwords",
                "ordering": ["playbook"],
            },
        ),
        migrations.CreateModel(
            name="OldPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="hash")),
                ("at", models.DateTimeField(verbose_name="changed at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="old_passwords",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "former password",
                "verbose_name_plural": "former passwords",
                "ordering": ["-id"],
            },
        ),
        # Nobody is locked out by the day on which the rule comes: the age counts from now.
        migrations.AddField(
            model_name="user",
            name="password_changed_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                verbose_name="password changed at",
            ),
        ),
    ]
