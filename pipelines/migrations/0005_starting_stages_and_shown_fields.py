from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0004_regulations")]
    operations = [
        migrations.AddField(
            model_name="stage",
            name="starts",
            field=models.BooleanField(
                default=False,
                help_text="Ticked on no stage: new deals come to the first one.",
                verbose_name="new deals come here",
            ),
        ),
        migrations.AddField(
            model_name="field",
            name="on_board",
            field=models.BooleanField(
                default=False,
                help_text="Shown on the cards of the board and in the table.",
                verbose_name="on the board",
            ),
        ),
        migrations.AddField(
            model_name="field",
            name="in_filter",
            field=models.BooleanField(
                default=False,
                help_text="Deals can be filtered by it; for lists of choices.",
                verbose_name="in the filter",
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="on_card",
            field=models.BooleanField(
                default=False,
                help_text="A button of the deal itself: it belongs to no task.",
                verbose_name="on the card",
            ),
        ),
    ]
