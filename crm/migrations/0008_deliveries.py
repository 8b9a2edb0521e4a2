"""Deliveries, what they make of a client, and the one deal he has where he is handed over once."""

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0007_cards"),
        ("pipelines", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientLife",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(db_index=False, verbose_name="playbook")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("potential", "potential client"),
                            ("client", "regular client"),
                            ("dormant", "regular client who stopped delivering"),
                        ],
                        default="potential",
                        max_length=9,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "deliveries",
                    models.PositiveIntegerField(default=0, verbose_name="completed deliveries"),
                ),
                (
                    "last_delivery_on",
                    models.DateField(blank=True, null=True, verbose_name="last delivery"),
                ),
                ("since", models.DateTimeField(verbose_name="in this state since")),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lives",
                        to="crm.company",
                        verbose_name="company",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lives",
                        to="crm.contact",
                        verbose_name="contact",
                    ),
                ),
            ],
            options={
                "verbose_name": "client's life",
                "verbose_name_plural": "clients' lives",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("registered", "expected"),
                            ("completed", "accepted"),
                            ("cancelled", "cancelled"),
                        ],
                        default="registered",
                        max_length=10,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "weight",
                    models.DecimalField(decimal_places=3, max_digits=12, verbose_name="weight"),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[("kg", "kg"), ("t", "t")],
                        max_length=2,
                        verbose_name="unit of weight",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="sum"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "key",
                    models.UUIDField(
                        blank=True, editable=False, null=True, unique=True, verbose_name="form"
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="entered at")),
                (
                    "completed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted at"),
                ),
                (
                    "cancelled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancelled at"),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="why it was cancelled"
                    ),
                ),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cancelled by",
                    ),
                ),
                (
                    "completed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="accepted by",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="crm.deal",
                        verbose_name="deal",
                    ),
                ),
                (
                    "life",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="all_deliveries",
                        to="crm.clientlife",
                        verbose_name="client",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ["-day", "-id"],
            },
        ),
        migrations.CreateModel(
            name="DeliveryTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(unique=True, verbose_name="playbook")),
                (
                    "regular_from",
                    models.PositiveSmallIntegerField(
                        verbose_name="regular from so many deliveries"
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[("kg", "kg"), ("t", "t")],
                        default="t",
                        max_length=2,
                        verbose_name="unit of weight",
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=20, verbose_name="clause")),
            ],
            options={
                "verbose_name": "terms of deliveries",
                "verbose_name_plural": "terms of deliveries",
                "ordering": ["playbook"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("regular_from__gte", 1)), name="regular_from_one_up"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SoleDeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="crm.company",
                        verbose_name="company",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="crm.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="crm.deal",
                        verbose_name="deal",
                    ),
                ),
                (
                    "pipeline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipelines.pipeline",
                        verbose_name="pipeline",
                    ),
                ),
            ],
            options={
                "verbose_name": "sole deal",
                "verbose_name_plural": "sole deals",
            },
        ),
        migrations.AddConstraint(
            model_name="clientlife",
            constraint=models.UniqueConstraint(
                fields=("company", "playbook"), name="one_life_a_company"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientlife",
            constraint=models.UniqueConstraint(
                fields=("contact", "playbook"), name="one_life_a_contact"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientlife",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("company__isnull", True), ("contact__isnull", False)),
                    models.Q(("company__isnull", False), ("contact__isnull", True)),
                    _connector="OR",
                ),
                name="a_life_is_of_one_client",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["life", "-day", "-id"], name="deliveries_of_a_client"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "completed")),
                fields=["life", "day"],
                name="deliveries_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gt", 0)), name="a_delivery_weighs"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="a_delivery_costs_no_less_than_0"
            ),
        ),
        migrations.AddConstraint(
            model_name="soledeal",
            constraint=models.UniqueConstraint(
                fields=("pipeline", "company"), name="one_deal_a_company_here"
            ),
        ),
        migrations.AddConstraint(
            model_name="soledeal",
            constraint=models.UniqueConstraint(
                fields=("pipeline", "contact"), name="one_deal_a_contact_here"
            ),
        ),
        migrations.AddConstraint(
            model_name="soledeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("company__isnull", True), ("contact__isnull", False)),
                    models.Q(("company__isnull", False), ("contact__isnull", True)),
                    _connector="OR",
                ),
                name="a_sole_deal_is_of_one_client",
            ),
        ),
    ]
