"""The database itself refuses to change or delete what stands in the feed (PZ-2.2).

Only `rule_id` may still change: a rule that is gone leaves its entries without it. Statement triggers cost nothing
while nobody tries; TRUNCATE, with which a test or a benchmark empties its own database, is no DELETE.
"""

from django.db import migrations

KEPT = """
CREATE FUNCTION pipelines_feed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What stands in the feed is never changed or deleted.' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER pipelines_event_stays
    BEFORE UPDATE OF id, verb, deal_id, contact_id, company_id, actor_id, data, cause_id, outside_id, at
    OR DELETE ON pipelines_event
    FOR EACH STATEMENT EXECUTE FUNCTION pipelines_feed_stays();
"""

NOT_KEPT = """
DROP TRIGGER pipelines_event_stays ON pipelines_event;
DROP FUNCTION pipelines_feed_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("pipelines", "0006_rules_of_tasks")]

    operations = [migrations.RunSQL(KEPT, NOT_KEPT)]
