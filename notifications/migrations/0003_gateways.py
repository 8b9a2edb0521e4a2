from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_letters_of_the_system")]

    operations = [
        migrations.AlterModelOptions(
            name="message",
            options={"verbose_name": "outgoing message", "verbose_name_plural": "outbox"},
        ),
        migrations.AlterModelOptions(
            name="template",
            options={
                "ordering": ["playbook", "name"],
                "verbose_name": "template",
                "verbose_name_plural": "templates",
            },
        ),
        migrations.AlterField(
            model_name="template",
            name="kind",
            field=models.CharField(
                choices=[("email", "e-mail"), ("sms", "SMS"), ("chat", "chat message")],
                default="email",
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "e-mail"),
                    ("sms", "SMS"),
                    ("whatsapp", "WhatsApp"),
                    ("telegram", "Telegram"),
                ],
                default="email",
                max_length=8,
                verbose_name="channel",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="provider_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=100,
                verbose_name="the provider's number",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("channel", "email"),
                    models.Q(("html", ""), ("secret", False), ("subject", "")),
                    _connector="OR",
                ),
                name="message_in_a_chat_is_plain",
            ),
        ),
    ]
