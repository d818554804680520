"""Marks say what was written (MarkKind), so that a plan does not add up figures anew.

The triggers of migration 0003 with a kind beside their cell; recounting adds three tables or
columns: an organisation's country, an activity's contents, an indicator's content group.
"""

from importlib import import_module

from django.db import migrations

marks = import_module("reports.migrations.0003_marks")

MARK = "INSERT INTO reports_recomputemark (kind, program_id, indicator_id, province_id, period_id)"
EVERYTHING = "NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint"

# table: the columns that matter, the kind, and the mark of a row.
MARKED = {
    "reports_figure": (
        "program_id, province_id, period_id, indicator_id, unit_id, activity_id, nature,"
        " state, value, approved_state, approved_value",
        "figure",
        "program_id, indicator_id, province_id, period_id FROM {rows}",
    ),
    "reports_report": (
        "state",
        "figure",
        "program_id, NULL::bigint, province_id, period_id FROM {rows}",
    ),
    "programs_target": (
        "program_id, indicator_id, province_id, period_id",
        "plan",
        "program_id, indicator_id, province_id, period_id FROM {rows}",
    ),
    "programs_targetversion": (
        "target_id, number, status, shape, lower, upper, baseline, decided_on, replaces_id",
        "plan",
        "target.program_id, target.indicator_id, target.province_id, target.period_id"
        " FROM {rows} AS version JOIN programs_target AS target ON target.id = version.target_id",
    ),
    "programs_indicator": (
        "aggregation, entry_mode, direction, decimals, numerator_id, denominator_id, ratio_scale,"
        " counted, content_group_id, province_id, minimum_base, unit",
        "frame",
        "NULL::bigint, id, NULL::bigint, NULL::bigint FROM {rows}",
    ),
    "programs_program": (
        "province_id, stage_id, calendar, leaf_kind, follows_id, level",
        "frame",
        "id, NULL::bigint, NULL::bigint, NULL::bigint FROM {rows}",
    ),
    "programs_participation": (
        "organisation_id, role, took_part_on, activity_id",
        "participation",
        "activity.program_id, NULL::bigint, activity.province_id, NULL::bigint"
        " FROM {rows} AS part JOIN programs_activity AS activity ON activity.id = part.activity_id",
    ),
    "programs_activity": (
        "program_id, province_id",
        "participation",
        "program_id, NULL::bigint, province_id, NULL::bigint FROM {rows}",
    ),
    "programs_activity_content_groups": (
        "activity_id, contentgroup_id",
        "participation",
        "activity.program_id, NULL::bigint, activity.province_id, NULL::bigint"
        " FROM {rows} AS label JOIN programs_activity AS activity"
        " ON activity.id = label.activity_id",
    ),
    "programs_organisation": (
        "country",
        "participation",
        "activity.program_id, NULL::bigint, activity.province_id, NULL::bigint"
        " FROM {rows} AS organisation"
        " JOIN programs_participation AS part ON part.organisation_id = organisation.id"
        " JOIN programs_activity AS activity ON activity.id = part.activity_id",
    ),
    "programs_province": (
        "valid_from, valid_to, successor_id, region",
        "frame",
        EVERYTHING + " FROM {rows}",
    ),
    "programs_period": (
        "calendar, kind, year, number, starts_on, ends_on",
        "frame",
        EVERYTHING + " FROM {rows}",
    ),
}


def create(table: str) -> str:
    columns, kind, mark = MARKED[table]
    matters = ", ".join(f"written.{column.strip()}" for column in columns.split(","))
    mattered = matters.replace("written.", "replaced.")
    mark = f"SELECT DISTINCT '{kind}', {mark}"
    return f"""
CREATE FUNCTION mark_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {MARK} {mark.format(rows="new_rows")};
    ELSIF TG_OP = 'DELETE' THEN
        {MARK} {mark.format(rows="old_rows")};
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
        {mark.format(rows="touched")};
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


def replace(table: str) -> migrations.RunSQL:
    if table not in marks.MARKED:
        return migrations.RunSQL(create(table), marks.drop(table))
    return migrations.RunSQL(
        marks.drop(table) + create(table), marks.drop(table) + marks.create(table)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0004_computed_in_steps"),
        ("programs", "0003_organisation_country"),
    ]

    operations = [
        *(replace(table) for table in MARKED),
        # What was stored before is computed anew: the first worker finds this mark.
        migrations.RunSQL(
            "INSERT INTO reports_recomputemark (kind) VALUES ('frame')", migrations.RunSQL.noop
        ),
    ]
