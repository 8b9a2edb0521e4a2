# Own lists, imports and exports.

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0018_notices"), ("pipelines", "0007_unchangeable_feed")]
    operations = [
        migrations.CreateModel(
            name="CustomList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "icon",
                    models.CharField(
                        choices=[
                            ("list-details", "list"),
                            ("truck", "truck"),
                            ("map-pin", "place"),
                            ("building-warehouse", "warehouse"),
                            ("package", "goods"),
                            ("tool", "equipment"),
                            ("file-text", "document"),
                            ("users-group", "people"),
                            ("target", "competitor"),
                            ("star", "star"),
                        ],
                        default="list-details",
                        max_length=40,
                        verbose_name="icon",
                    ),
                ),
                (
                    "playbook",
                    models.SlugField(
                        blank=True,
                        help_text="Whose people have it; empty: everybody.",
                        verbose_name="playbook",
                    ),
                ),
                (
                    "readers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=150),
                        blank=True,
                        default=list,
                        help_text="Nothing ticked: everybody.",
                        size=None,
                        verbose_name="who may read",
                    ),
                ),
                (
                    "editors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=150),
                        blank=True,
                        default=list,
                        help_text="Nothing ticked: everybody who reads it.",
                        size=None,
                        verbose_name="who may add and change",
                    ),
                ),
                (
                    "is_personal",
                    models.BooleanField(
                        default=False,
                        help_text="People see the items they answer for, heads those of their people.",
                        verbose_name="each sees his own",
                    ),
                ),
                (
                    "unique_names",
                    models.BooleanField(
                        default=True,
                        help_text="Upper and lower case make no difference; archived items do not count.",
                        verbose_name="no two items of one name",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "own list",
                "verbose_name_plural": "own lists",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60)),
                ("query", models.TextField(blank=True)),
                ("columns", models.JSONField(default=list)),
                ("form", models.CharField(max_length=4)),
                ("file", models.FileField(blank=True, upload_to="exports/%Y/%m/")),
                ("rows", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True, verbose_name="what went wrong")),
                ("created_at", models.DateTimeField(verbose_name="asked at")),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(max_length=60, verbose_name="into")),
                ("file", models.FileField(upload_to="imports/%Y/%m/", verbose_name="file")),
                ("name", models.CharField(max_length=255, verbose_name="file's name")),
                ("size", models.PositiveIntegerField(verbose_name="size, bytes")),
                ("digest", models.CharField(max_length=64)),
                ("reading", models.JSONField(default=dict)),
                ("mapping", models.JSONField(default=dict)),
                (
                    "known",
                    models.CharField(
                        choices=[
                            ("skip", "leave it out"),
                            ("fill", "fill in what is empty in ours"),
                            ("make", "make another one"),
                        ],
                        default="skip",
                        max_length=4,
                        verbose_name="rows known already",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "uploaded"),
                            ("checking", "being checked"),
                            ("checked", "checked"),
                            ("started", "started"),
                            ("failed", "failed"),
                        ],
                        default="uploaded",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("problem", models.TextField(blank=True, verbose_name="what went wrong")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("created_at", models.DateTimeField(verbose_name="uploaded at")),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="row")),
                ("cells", models.JSONField(default=list)),
                ("values", models.JSONField(default=dict)),
                ("problems", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "ready"),
                            ("wrong", "has mistakes"),
                            ("known", "known already"),
                        ],
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("record", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "row of an import",
                "verbose_name_plural": "rows of an import",
            },
        ),
        migrations.CreateModel(
            name="ItemEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "feed entry of a list item",
                "verbose_name_plural": "feed entries of list items",
            },
        ),
        migrations.CreateModel(
            name="ListField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(verbose_name="code")),
                ("label", models.CharField(max_length=200, verbose_name="label")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("text", "text"),
                            ("long_text", "long text"),
                            ("number", "number"),
                            ("money", "money"),
                            ("date", "date"),
                            ("datetime", "date and time"),
                            ("choice", "one of a list"),
                            ("choices", "several of a list"),
                            ("yes_no", "yes or no"),
                            ("url", "link"),
                        ],
                        default="text",
                        max_length=9,
                        verbose_name="type",
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        help_text="One a line.",
                        size=None,
                        verbose_name="choices",
                    ),
                ),
                ("required", models.BooleanField(default=False, verbose_name="required")),
                ("in_table", models.BooleanField(default=True, verbose_name="in the table")),
                ("help_text", models.CharField(blank=True, max_length=300, verbose_name="hint")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "field of an own list",
                "verbose_name_plural": "fields of an own list",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="ListItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=300, verbose_name="name")),
                ("name_key", models.CharField(editable=False, max_length=300, null=True)),
                (
                    "values",
                    models.JSONField(blank=True, default=dict, verbose_name="values of fields"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "archived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="archived at"),
                ),
            ],
            options={
                "verbose_name": "list item",
                "verbose_name_plural": "list items",
                "ordering": ["name"],
            },
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(fields=["name", "id"], name="company_list_by_name"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["name", "id"], name="contact_list_by_name"),
        ),
        migrations.AddField(
            model_name="export",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exports",
                to=settings.AUTH_USER_MODEL,
                verbose_name="whose",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="batch",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="of_import",
                to="crm.batch",
                verbose_name="batch",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="responsible",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="stage",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pipelines.stage",
                verbose_name="stage",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="imports",
                to=settings.AUTH_USER_MODEL,
                verbose_name="whose",
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="of",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="crm.import",
                verbose_name="import",
            ),
        ),
        migrations.AddField(
            model_name="itementry",
            name="event",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pipelines.event",
                verbose_name="feed entry",
            ),
        ),
        migrations.AddField(
            model_name="listfield",
            name="list",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fields",
                to="crm.customlist",
                verbose_name="own list",
            ),
        ),
        migrations.AddField(
            model_name="listitem",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="created by",
            ),
        ),
        migrations.AddField(
            model_name="listitem",
            name="list",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="crm.customlist",
                verbose_name="own list",
            ),
        ),
        migrations.AddField(
            model_name="listitem",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="responsible",
            ),
        ),
        migrations.AddField(
            model_name="itementry",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="crm.listitem",
                verbose_name="list item",
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["created_at"], name="export_to_be_deleted"),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["digest"], name="import_of_the_same_file"),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["user", "-id"], name="import_newest_of_a_person"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(fields=["of", "state", "number"], name="import_rows_by_state"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("problems", {}), _negated=True),
                fields=["of", "number"],
                name="import_rows_with_problems",
            ),
        ),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(
                fields=("of", "number"), name="one_import_row_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="listfield",
            constraint=models.UniqueConstraint(
                fields=("list", "code"), name="one_list_field_a_code"
            ),
        ),
        migrations.AddIndex(
            model_name="listitem",
            index=models.Index(fields=["list", "-id"], name="item_newest_of_a_list"),
        ),
        migrations.AddIndex(
            model_name="listitem",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("name"), "gin_trgm_ops"
                ),
                name="item_search_by_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="listitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at", None)),
                fields=("list", "name_key"),
                name="no_two_items_of_one_name",
            ),
        ),
        migrations.AddIndex(
            model_name="itementry",
            index=models.Index(fields=["item", "-event"], name="entry_feed_of_an_item"),
        ),
    ]
