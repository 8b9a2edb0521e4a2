import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RIGHT = "see_new_requests"


def give(apps, schema_editor):
    """Heads are told of new requests, as a new role of their name is."""
    kind, _made = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="crm", model="user"
    )
    right, _made = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=RIGHT, defaults={"name": "may be told of new requests"}
    )
    for group in apps.get_model("auth", "Group").objects.filter(name="head"):
        group.permissions.add(right)


class Migration(migrations.Migration):
    dependencies = [("crm", "0017_task_calendar")]
    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ["last_name", "first_name"],
                "permissions": [
                    ("export_records", "may export what he sees"),
                    ("arrange_columns", "may choose and order the columns of tables"),
                    ("change_many", "may change many records at once"),
                    ("import_records", "may import records from a file"),
                    ("see_analytics", "may see the analytics"),
                    ("share_filters", "may share saved filters"),
                    ("merge_clients", "may merge duplicates"),
                    ("see_new_requests", "may be told of new requests"),
                ],
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="photo",
            field=models.CharField(blank=True, editable=False, max_length=40, verbose_name="photo"),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("text", models.CharField(max_length=300, verbose_name="text")),
                ("url", models.CharField(blank=True, max_length=300, verbose_name="address")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read at")),
                ("key", models.CharField(blank=True, max_length=120, verbose_name="key")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["user", "-id"], name="notices_of_a_user"),
                    models.Index(
                        condition=models.Q(("read_at", None)),
                        fields=["user", "-id"],
                        name="unread_notices_of_a_user",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True),
                        fields=("user", "key"),
                        name="a_notice_is_given_once",
                    )
                ],
            },
        ),
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
