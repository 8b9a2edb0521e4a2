import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0006_intake"), ("notifications", "0003_gateways")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="company",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="crm.company",
                verbose_name="company",
            ),
        ),
        migrations.RemoveConstraint(model_name="message", name="message_secret_is_nobodys_deal"),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("secret", False),
                    models.Q(("company", None), ("contact", None), ("deal", None)),
                    _connector="OR",
                ),
                name="message_secret_is_nobodys_deal",
            ),
        ),
    ]
