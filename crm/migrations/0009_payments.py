import django.core.serializers.json
import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0008_deliveries"),
    ]

    operations = [
        migrations.CreateModel(
            name="Package",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(verbose_name="playbook")),
                ("code", models.SlugField(verbose_name="code")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "prices",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        verbose_name="prices by currency",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "package",
                "verbose_name_plural": "packages",
                "ordering": ["playbook", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("playbook", "code"), name="one_package_a_code")
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(unique=True, verbose_name="playbook")),
                ("package", models.SlugField(blank=True, verbose_name="field with the package")),
                (
                    "discount",
                    models.SlugField(blank=True, verbose_name="field with the discount, %"),
                ),
                (
                    "prepayment",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        verbose_name="prepayment by currency",
                    ),
                ),
            ],
            options={
                "verbose_name": "terms of payment",
                "verbose_name_plural": "terms of payment",
            },
        ),
        migrations.CreateModel(
            name="PaymentProvider",
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
                    "playbook",
                    models.SlugField(
                        blank=True,
                        help_text="Whose deals it pays for; empty: anybody's.",
                        verbose_name="playbook",
                    ),
                ),
                (
                    "secret",
                    models.CharField(
                        help_text="The key of the signature in X-Signature.",
                        max_length=200,
                        verbose_name="secret",
                    ),
                ),
                (
                    "robot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="robot",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "payment provider",
                "verbose_name_plural": "payment providers",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="InvoiceKind",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(verbose_name="playbook")),
                ("code", models.SlugField(verbose_name="code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "share",
                    models.DecimalField(
                        decimal_places=2, default=100, max_digits=6, verbose_name="share, %"
                    ),
                ),
                ("of", models.SlugField(default="budget", verbose_name="of what")),
                ("when", models.JSONField(blank=True, default=dict, verbose_name="for deals with")),
                ("purpose", models.CharField(blank=True, max_length=300, verbose_name="purpose")),
                ("details", models.TextField(blank=True, verbose_name="payment details")),
                ("template", models.SlugField(verbose_name="letter template")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "kind of invoices",
                "verbose_name_plural": "kinds of invoices",
                "ordering": ["playbook", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("playbook", "code"), name="one_invoice_kind_a_code"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(db_index=False, verbose_name="playbook")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("last", models.PositiveIntegerField(default=0, verbose_name="last number")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("playbook", "year"), name="one_invoice_counter_a_year"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("playbook", models.SlugField(db_index=False, verbose_name="playbook")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="crm.deal",
                        verbose_name="deal",
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="crm.invoicekind",
                        verbose_name="kind",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="sum"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("purpose", models.CharField(max_length=300, verbose_name="purpose")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("draft", "draft"),
                            ("sent", "sent"),
                            ("paid", "paid"),
                            ("cancelled", "cancelled"),
                        ],
                        default="draft",
                        max_length=9,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "message_id",
                    models.BigIntegerField(blank=True, null=True, verbose_name="letter"),
                ),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="revision")),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="paid or cancelled at"
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("playbook", "year", "number"), name="one_invoice_a_number"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="crm.deal",
                        verbose_name="deal",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="crm.invoice",
                        verbose_name="invoice",
                    ),
                ),
                ("provider", models.SlugField(db_index=False, verbose_name="provider")),
                ("event_id", models.CharField(max_length=200, verbose_name="provider's event")),
                (
                    "kind",
                    models.CharField(
                        choices=[("payment", "payment"), ("refund", "refund")],
                        default="payment",
                        max_length=7,
                        verbose_name="kind",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="sum"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("paid_at", models.DateTimeField(verbose_name="paid at")),
                ("received_at", models.DateTimeField(verbose_name="known since")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                ("raw", models.JSONField(blank=True, default=dict, verbose_name="as delivered")),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "ordering": ["-paid_at", "-id"],
                "indexes": [models.Index(fields=["deal", "paid_at"], name="payments_of_a_deal")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "event_id"), name="one_payment_an_event_of_a_provider"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_payment_is_a_sum"
                    ),
                ],
            },
        ),
    ]
