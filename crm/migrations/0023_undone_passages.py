"""A move that was undone never happened, as far as the reports are concerned: see `pipelines.undoing`."""

from django.db import migrations

STANDING = """
CREATE OR REPLACE VIEW crm_passage_source AS
SELECT c.id AS change_id, c.deal_id, c.at, c.from_stage_id, c.to_stage_id, d.owner_id, d.arrival,
       NOT EXISTS (
           SELECT 1 FROM pipelines_stagechange e
           WHERE e.deal_id = c.deal_id AND e.to_stage_id = c.to_stage_id AND e.id < c.id AND e.undone_at IS NULL
       ) AS first,
       CASE WHEN c.stayed IS NOT NULL THEN least(floor(extract(epoch FROM c.stayed)), 2147483647)::int END AS seconds
FROM pipelines_stagechange c JOIN crm_deal d ON d.id = c.deal_id
WHERE d.archived_at IS NULL AND c.undone_at IS NULL;

CREATE FUNCTION crm_drop_passage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM crm_passage WHERE change_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER crm_passage_undone AFTER UPDATE OF undone_at ON pipelines_stagechange FOR EACH ROW
    WHEN (NEW.undone_at IS NOT NULL) EXECUTE FUNCTION crm_drop_passage();
"""
ALL = """
DROP TRIGGER crm_passage_undone ON pipelines_stagechange;
DROP FUNCTION crm_drop_passage();
CREATE OR REPLACE VIEW crm_passage_source AS
SELECT c.id AS change_id, c.deal_id, c.at, c.from_stage_id, c.to_stage_id, d.owner_id, d.arrival,
       NOT EXISTS (
           SELECT 1 FROM pipelines_stagechange e
           WHERE e.deal_id = c.deal_id AND e.to_stage_id = c.to_stage_id AND e.id < c.id
       ) AS first,
       CASE WHEN c.stayed IS NOT NULL THEN least(floor(extract(epoch FROM c.stayed)), 2147483647)::int END AS seconds
FROM pipelines_stagechange c JOIN crm_deal d ON d.id = c.deal_id
WHERE d.archived_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0022_search"), ("pipelines", "0009_analytics")]
    operations = [migrations.RunSQL(STANDING, ALL)]
