"""Entries pinned to the top of a card; and files on items of own lists, as the other cards have them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def _key(to, name, **kwargs):
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        to=to,
        verbose_name=name,
        **kwargs,
    )


class Migration(migrations.Migration):
    dependencies = [("crm", "0026_filters_of_lists"), ("pipelines", "0009_analytics")]

    operations = [
        migrations.CreateModel(
            name="Pin",
            fields=[
                ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")),
                ("deal", _key("crm.deal", "deal", null=True, related_name="pins")),
                ("contact", _key("crm.contact", "contact", null=True, related_name="pins")),
                ("company", _key("crm.company", "company", null=True, related_name="pins")),
                ("event", _key("pipelines.event", "feed entry", related_name="+")),
                ("by", _key(settings.AUTH_USER_MODEL, "pinned by", related_name="+")),
                ("at", models.DateTimeField(verbose_name="pinned at")),
            ],
            options={
                "verbose_name": "pinned entry",
                "verbose_name_plural": "pinned entries",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(deal__isnull=False, contact=None, company=None)
                        | Q(deal=None, contact__isnull=False, company=None)
                        | Q(deal=None, contact=None, company__isnull=False),
                        name="a_pin_is_of_one_card",
                    ),
                    models.UniqueConstraint(fields=["deal", "event"], name="pinned_once_on_a_deal"),
                    models.UniqueConstraint(fields=["contact", "event"], name="pinned_once_on_a_contact"),
                    models.UniqueConstraint(fields=["company", "event"], name="pinned_once_on_a_company"),
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="file", name="a_file_is_of_one_record"),
        migrations.AddField(
            model_name="file",
            name="item",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="crm.listitem",
                verbose_name="list item",
            ),
        ),
        migrations.AddConstraint(
            model_name="file",
            constraint=models.CheckConstraint(
                condition=Q(deal__isnull=False, contact=None, company=None, item=None)
                | Q(deal=None, contact__isnull=False, company=None, item=None)
                | Q(deal=None, contact=None, company__isnull=False, item=None)
                | Q(deal=None, contact=None, company=None, item__isnull=False),
                name="a_file_is_of_one_record",
            ),
        ),
    ]  # fmt: skip
