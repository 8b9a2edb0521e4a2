"""Counts and sums of the board's columns, kept by a trigger in the transaction of whatever changes a deal.

Statement triggers with transition tables: a bulk change writes one row a stage, owner and currency, not one a deal.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION crm_count_deals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO crm_stagetotal (stage_id, owner_id, currency, deals, amount)
        SELECT stage_id, owner_id, currency, count(*), sum(budget)
        FROM added WHERE archived_at IS NULL GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO crm_stagetotal (stage_id, owner_id, currency, deals, amount)
        SELECT stage_id, owner_id, currency, -count(*), -sum(budget)
        FROM gone WHERE archived_at IS NULL GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO crm_stagetotal (stage_id, owner_id, currency, deals, amount)
        SELECT stage_id, owner_id, currency, sum(deals), sum(amount)
        FROM (
            SELECT stage_id, owner_id, currency, 1 AS deals, budget AS amount FROM added WHERE archived_at IS NULL
            UNION ALL
            SELECT stage_id, owner_id, currency, -1, -budget FROM gone WHERE archived_at IS NULL
        ) AS change
        GROUP BY 1, 2, 3
        HAVING sum(deals) <> 0 OR sum(amount) <> 0;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER crm_deal_added AFTER INSERT ON crm_deal
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION crm_count_deals();
CREATE TRIGGER crm_deal_changed AFTER UPDATE ON crm_deal
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION crm_count_deals();
CREATE TRIGGER crm_deal_removed AFTER DELETE ON crm_deal
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION crm_count_deals();
"""

DROP = """
DROP TRIGGER crm_deal_added ON crm_deal;
DROP TRIGGER crm_deal_changed ON crm_deal;
DROP TRIGGER crm_deal_removed ON crm_deal;
DROP FUNCTION crm_count_deals();
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_links")]

    operations = [migrations.RunSQL(CREATE, DROP)]
