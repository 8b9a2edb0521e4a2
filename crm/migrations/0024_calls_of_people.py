"""A call that an outcome puts on record is of the person who pressed it: rules send letters, but nobody's rule calls."""

from django.db import migrations

SOURCE = """
CREATE OR REPLACE VIEW crm_talk_source AS
SELECT e.id AS event_id, e.at, split_part(e.verb, '.', 1) AS kind, known.incoming, e.verb = 'call.answered' AS answered,
       CASE WHEN jsonb_typeof(e.data -> 'seconds') = 'number'
            THEN greatest(0, least(floor((e.data -> 'seconds')::numeric), 86400))::int ELSE 0 END AS seconds,
       CASE {whose} END AS person_id,
       e.deal_id
FROM pipelines_event e
LEFT JOIN crm_deal d ON d.id = e.deal_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN jsonb_typeof(e.data -> 'incoming') = 'boolean' THEN (e.data -> 'incoming')::boolean
                ELSE e.verb IN ('call.missed', 'message.received', 'letter.received') END AS incoming
) known
WHERE e.verb IN ('call.answered', 'call.unanswered', 'call.missed', 'message.sent', 'message.received',
                 'letter.sent', 'letter.received');

UPDATE crm_talk t SET person_id = s.person_id FROM crm_talk_source s
WHERE s.event_id = t.event_id AND t.kind = 'call' AND t.person_id IS DISTINCT FROM s.person_id;
"""
NOW = """
            WHEN e.verb LIKE 'call.%' THEN coalesce(e.actor_id, d.owner_id)
            WHEN e.rule_id IS NOT NULL THEN NULL
            WHEN e.actor_id IS NOT NULL THEN e.actor_id
            WHEN known.incoming THEN d.owner_id"""
BEFORE = """
            WHEN e.rule_id IS NOT NULL THEN NULL
            WHEN e.actor_id IS NOT NULL THEN e.actor_id
            WHEN known.incoming OR e.verb LIKE 'call.%' THEN d.owner_id"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0023_undone_passages")]

    operations = [
        migrations.RunSQL(SOURCE.format(whose=NOW), SOURCE.format(whose=BEFORE)),
    ]
