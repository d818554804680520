"""Every write that can move an attainment leaves a mark, in its own transaction, by trigger.

So no writer can forget: a page, an import, the admin, a shell, raw SQL. A mark's empty columns
mean «every» (reports/models/job.py). One row per distinct cell, however many rows a statement
wrote; nothing where nothing that matters changed.
"""

from django.db import migrations

MARK = "INSERT INTO reports_recomputemark (program_id, indicator_id, province_id, period_id)"

# table: the columns that matter, and the mark of a row. A place or period that moves shifts
# what belongs together everywhere, so provinces and periods mark everything.
MARKED = {
    "reports_figure": (
        "program_id, province_id, period_id, indicator_id, unit_id, activity_id, nature,"
        " state, value, approved_state, approved_value",
        "program_id, indicator_id, province_id, period_id FROM {rows}",
    ),
    "reports_report": ("state", "program_id, NULL::bigint, province_id, period_id FROM {rows}"),
    "programs_target": (
        "program_id, indicator_id, province_id, period_id",
        "program_id, indicator_id, province_id, period_id FROM {rows}",
    ),
    "programs_targetversion": (
        "target_id, number, status, shape, lower, upper, baseline, decided_on, replaces_id",
        "target.program_id, target.indicator_id, target.province_id, target.period_id"
        " FROM {rows} AS version JOIN programs_target AS target ON target.id = version.target_id",
    ),
    "programs_indicator": (
        "aggregation, entry_mode, direction, decimals, numerator_id, denominator_id, ratio_scale,"
        " counted, minimum_base, unit",
        "NULL::bigint, id, NULL::bigint, NULL::bigint FROM {rows}",
    ),
    "programs_program": (
        "province_id, stage_id, calendar, leaf_kind, follows_id, level",
        "id, NULL::bigint, NULL::bigint, NULL::bigint FROM {rows}",
    ),
    "programs_participation": (
        "organisation_id, role, took_part_on, activity_id",
        "activity.program_id, NULL::bigint, activity.province_id, NULL::bigint"
        " FROM {rows} AS part JOIN programs_activity AS activity ON activity.id = part.activity_id",
    ),
    "programs_activity": (
        "program_id, province_id",
        "program_id, NULL::bigint, province_id, NULL::bigint FROM {rows}",
    ),
    "programs_province": (
        "valid_from, valid_to, successor_id, region",
        "NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint FROM {rows}",
    ),
    "programs_period": (
        "calendar, kind, year, number, starts_on, ends_on",
        "NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint FROM {rows}",
    ),
}


def create(table: str) -> str:
    columns, mark = MARKED[table]
    matters = ", ".join(f"written.{column.strip()}" for column in columns.split(","))
    mattered = matters.replace("written.", "replaced.")
    return f"""
CREATE FUNCTION mark_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {MARK} SELECT DISTINCT {mark.format(rows="new_rows")};
    ELSIF TG_OP = 'DELETE' THEN
        {MARK} SELECT DISTINCT {mark.format(rows="old_rows")};
    ELSE
        {MARK}
        WITH moved AS (
            SELECT written.id FROM new_rows AS written JOIN old_rows AS replaced USING (id)
            WHERE ({matters}) IS DISTINCT FROM ({mattered})
        ),
        touched AS (
            SELECT * FROM new_rows WHERE id IN (SELECT id FROM moved)
            UNION ALL
            SELECT * FROM old_rows WHERE id IN (SELECT id FROM moved)
        )
        SELECT DISTINCT {mark.format(rows="touched")};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
CREATE TRIGGER mark_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
CREATE TRIGGER mark_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
"""


def drop(table: str) -> str:
    return f"""
DROP TRIGGER mark_insert ON {table};
DROP TRIGGER mark_update ON {table};
DROP TRIGGER mark_delete ON {table};
DROP FUNCTION mark_{table}();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_guards"), ("programs", "0001_initial")]

    operations = [migrations.RunSQL(create(table), drop(table)) for table in MARKED]
