from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0005_starting_stages_and_shown_fields")]
    operations = [
        migrations.AddField(
            model_name="stage",
            name="general_rules",
            field=models.TextField(
                blank=True,
                help_text="What holds here whatever the deal; one rule a line.",
                verbose_name="general rules",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="when",
            field=models.CharField(
                choices=[
                    ("enter", "the deal enters the stage"),
                    ("leave", "the deal leaves the stage"),
                    ("stay", "so long on the stage"),
                    ("before", "before a date"),
                    ("after", "after a date"),
                    ("on", "something happened"),
                    ("choose", "a scenario was chosen"),
                    ("task", "a person sets a task"),
                    ("finish", "a person finishes or cancels a task"),
                ],
                default="enter",
                max_length=6,
                verbose_name="when",
            ),
        ),
    ]
