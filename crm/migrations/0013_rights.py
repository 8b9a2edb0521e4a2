from django.db import migrations

RIGHTS = {
    "export_records": "may export what he sees",
    "arrange_columns": "may choose and order the columns of tables",
    "change_many": "may change many records at once",
    "import_records": "may import records from a file",
    "see_analytics": "may see the analytics",
    "share_filters": "may share saved filters",
    "merge_clients": "may merge duplicates",
}
WORKS = ["arrange_columns", "change_many"]
ROLES = {
    "head": list(RIGHTS),
    "manager": WORKS,
    "account_manager": WORKS,
    "client_department": WORKS,
    "refunds": WORKS,
}


def give(apps, schema_editor):
    """Roles that were there before the rights get what new ones of their name get."""
    kind, _made = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="crm", model="user"
    )
    permission = apps.get_model("auth", "Permission")
    rights = {
        code: permission.objects.get_or_create(
            content_type=kind, codename=code, defaults={"name": name}
        )[0]
        for code, name in RIGHTS.items()
    }
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        group.permissions.add(*(rights[code] for code in ROLES[group.name]))


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0012_preferences"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
