"""What the reports read, kept by triggers: see `crm.models.analysed` and decision 22.

Each copy has one definition, a view; triggers add from it what is new, `manage.py analytics` compares and rebuilds.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PASSAGES = """
CREATE VIEW crm_passage_source AS
SELECT c.id AS change_id, c.deal_id, c.at, c.from_stage_id, c.to_stage_id, d.owner_id, d.arrival,
       NOT EXISTS (
           SELECT 1 FROM pipelines_stagechange e
           WHERE e.deal_id = c.deal_id AND e.to_stage_id = c.to_stage_id AND e.id < c.id
       ) AS first,
       CASE WHEN c.stayed IS NOT NULL THEN least(floor(extract(epoch FROM c.stayed)), 2147483647)::int END AS seconds
FROM pipelines_stagechange c JOIN crm_deal d ON d.id = c.deal_id
WHERE d.archived_at IS NULL;

CREATE FUNCTION crm_keep_passages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO crm_passage (change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds)
    SELECT change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds
    -- An array and not a join: looked up by the key whatever the planner believed of the table when it was small.
    FROM crm_passage_source WHERE change_id = ANY (ARRAY(SELECT id FROM added));
    RETURN NULL;
END
$$;
CREATE TRIGGER crm_passage_added AFTER INSERT ON pipelines_stagechange
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION crm_keep_passages();

CREATE FUNCTION crm_move_passages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.archived_at IS NOT NULL THEN
        DELETE FROM crm_passage WHERE deal_id = NEW.id;
    ELSIF OLD.archived_at IS NOT NULL THEN
        INSERT INTO crm_passage (change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds)
        SELECT change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds
        FROM crm_passage_source WHERE deal_id = NEW.id;
    ELSE
        UPDATE crm_passage SET owner_id = NEW.owner_id, arrival = NEW.arrival WHERE deal_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
-- A row at a time and on a condition: the change that happens all day, a move, pays nothing.
CREATE TRIGGER crm_passage_moved AFTER UPDATE ON crm_deal FOR EACH ROW
    WHEN (OLD.owner_id <> NEW.owner_id OR OLD.arrival <> NEW.arrival
          OR (OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL))
    EXECUTE FUNCTION crm_move_passages();

INSERT INTO crm_passage (change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds)
SELECT change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds FROM crm_passage_source;
"""
NO_PASSAGES = """
DROP TRIGGER crm_passage_moved ON crm_deal;
DROP FUNCTION crm_move_passages();
DROP TRIGGER crm_passage_added ON pipelines_stagechange;
DROP FUNCTION crm_keep_passages();
DROP VIEW crm_passage_source;
"""

# What a provider says of a call is untrusted: a length that is no number, or no length, is none.
TALKS = """
CREATE VIEW crm_talk_source AS
SELECT e.id AS event_id, e.at, split_part(e.verb, '.', 1) AS kind, known.incoming, e.verb = 'call.answered' AS answered,
       CASE WHEN jsonb_typeof(e.data -> 'seconds') = 'number'
            THEN greatest(0, least(floor((e.data -> 'seconds')::numeric), 86400))::int ELSE 0 END AS seconds,
       CASE WHEN e.rule_id IS NOT NULL THEN NULL
            WHEN e.actor_id IS NOT NULL THEN e.actor_id
            WHEN known.incoming OR e.verb LIKE 'call.%' THEN d.owner_id END AS person_id,
       e.deal_id
FROM pipelines_event e
LEFT JOIN crm_deal d ON d.id = e.deal_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN jsonb_typeof(e.data -> 'incoming') = 'boolean' THEN (e.data -> 'incoming')::boolean
                ELSE e.verb IN ('call.missed', 'message.received', 'letter.received') END AS incoming
) known
WHERE e.verb IN ('call.answered', 'call.unanswered', 'call.missed', 'message.sent', 'message.received',
                 'letter.sent', 'letter.received');

CREATE FUNCTION crm_keep_talks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Most entries are no talks, and pay for one look.
    INSERT INTO crm_talk (event_id, at, kind, incoming, answered, seconds, person_id, deal_id)
    SELECT event_id, at, kind, incoming, answered, seconds, person_id, deal_id
    FROM crm_talk_source WHERE event_id = ANY (ARRAY(
        SELECT id FROM added WHERE verb LIKE ANY ('{call.%,message.%,letter.%}')
    ));
    RETURN NULL;
END
$$;
CREATE TRIGGER crm_talk_added AFTER INSERT ON pipelines_event
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION crm_keep_talks();

INSERT INTO crm_talk (event_id, at, kind, incoming, answered, seconds, person_id, deal_id)
SELECT event_id, at, kind, incoming, answered, seconds, person_id, deal_id FROM crm_talk_source;
"""
NO_TALKS = """
DROP TRIGGER crm_talk_added ON pipelines_event;
DROP FUNCTION crm_keep_talks();
DROP VIEW crm_talk_source;
"""


def loose(model, null=False):
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=model,
    )


def copy_of(model):
    return models.OneToOneField(
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        primary_key=True,
        related_name="+",
        serialize=False,
        to=model,
    )


class Migration(migrations.Migration):
    dependencies = [("crm", "0019_lists"), ("pipelines", "0009_analytics")]

    operations = [
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("change", copy_of("pipelines.stagechange")),
                ("deal", loose("crm.deal")),
                ("at", models.DateTimeField()),
                ("from_stage", loose("pipelines.stage", null=True)),
                ("to_stage", loose("pipelines.stage")),
                ("owner", loose(settings.AUTH_USER_MODEL)),
                ("arrival", models.CharField(max_length=9)),
                ("first", models.BooleanField()),
                ("seconds", models.IntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["at"],
                        include=(
                            "to_stage",
                            "from_stage",
                            "owner",
                            "arrival",
                            "first",
                            "seconds",
                            "deal",
                        ),
                        name="passage_of_a_period",
                    ),
                    models.Index(fields=["deal"], name="passage_of_a_deal"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Talk",
            fields=[
                ("event", copy_of("pipelines.event")),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("call", "call"), ("letter", "letter"), ("message", "message")],
                        max_length=7,
                    ),
                ),
                ("incoming", models.BooleanField()),
                ("answered", models.BooleanField()),
                ("seconds", models.IntegerField()),
                ("person", loose(settings.AUTH_USER_MODEL, null=True)),
                ("deal", loose("crm.deal", null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["at"],
                        include=("kind", "incoming", "answered", "seconds", "person"),
                        name="talk_of_a_period",
                    ),
                    models.Index(
                        fields=["-at", "-event"],
                        include=("person", "incoming", "answered"),
                        condition=models.Q(kind="call"),
                        name="talk_calls",
                    ),
                    models.Index(
                        fields=["person", "-at", "-event"],
                        condition=models.Q(kind="call"),
                        name="talk_calls_of_a_person",
                    ),
                ],
            },
        ),
        migrations.RunSQL(PASSAGES, NO_PASSAGES),
        migrations.RunSQL(TALKS, NO_TALKS),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("archived_at", None), ("closed_at__isnull", False)),
                fields=["closed_at"],
                include=("status", "owner", "stage", "arrival", "currency", "budget", "created_at"),
                name="deal_closed_in_a_period",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                fields=["created_at"], include=("owner",), name="tasks_set_in_a_period"
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("state", "done")),
                fields=["ended_at"],
                include=("owner", "due_at"),
                name="tasks_done_in_a_period",
            ),
        ),
    ]
