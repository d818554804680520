"""One figure can go back to its author while the rest of the report is sent or approved.

Three guards of migration 0002, as they are with that exception:
- a figure that was returned (`review`) changes whatever the state of its report, and one that is
  missing may be asked for;
- an edition may rest on one accepted figure instead of an approval of the whole report.
"""

from django.db import migrations

NEW_FIGURES = """
CREATE OR REPLACE FUNCTION reports_guard_new_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reports_refuse_closed(array(
        SELECT DISTINCT report_id FROM new_rows {unless_asked_for}
    ));
    IF EXISTS (SELECT FROM new_rows WHERE approved_state <> '') THEN
        RAISE EXCEPTION 'Số liệu mới chưa thể là số liệu đã duyệt.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_new_not_approved';
    END IF;
    IF EXISTS (
        SELECT
        FROM new_rows AS written
        JOIN programs_indicator AS indicator ON indicator.id = written.indicator_id
        LEFT JOIN programs_organisation AS unit ON unit.id = written.unit_id
        LEFT JOIN programs_activity AS activity ON activity.id = written.activity_id
        WHERE NOT programs_belongs(indicator.province_id, written.province_id)
           OR NOT programs_belongs(unit.province_id, written.province_id)
           OR NOT programs_belongs(activity.province_id, written.province_id)
           OR activity.program_id <> written.program_id
    ) THEN
        RAISE EXCEPTION 'Chỉ tiêu, đơn vị hoặc hoạt động này không phải của tỉnh lập báo cáo.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_of_its_province';
    END IF;
    PERFORM reports_refuse_values(array(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
"""

CHANGED_FIGURES = """
CREATE OR REPLACE FUNCTION reports_guard_changed_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_rows AS written JOIN old_rows AS replaced USING (id)
        WHERE (written.report_id, written.indicator_id, written.unit_id, written.activity_id,
               written.nature)
           IS DISTINCT FROM
              (replaced.report_id, replaced.indicator_id, replaced.unit_id, replaced.activity_id,
               replaced.nature)
    ) OR (SELECT count(*) FROM new_rows AS written JOIN old_rows AS replaced USING (id))
         <> (SELECT count(*) FROM new_rows) THEN
        RAISE EXCEPTION 'Một số liệu không chuyển sang báo cáo, chỉ tiêu hay đơn vị khác được.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_identity_fixed';
    END IF;

    PERFORM reports_refuse_closed(array(
        SELECT DISTINCT written.report_id
        FROM new_rows AS written JOIN old_rows AS replaced USING (id)
        WHERE (written.state, written.value, written.qualifier, written.qualifier_word,
               written.as_of, written.is_derived)
           IS DISTINCT FROM
              (replaced.state, replaced.value, replaced.qualifier, replaced.qualifier_word,
               replaced.as_of, replaced.is_derived)
          {unless_returned}
    ));
    PERFORM reports_refuse_values(array(
        SELECT id FROM new_rows AS written JOIN old_rows AS replaced USING (id)
        WHERE written.value IS DISTINCT FROM replaced.value
    ));
    IF EXISTS (
        SELECT
        FROM new_rows AS written
        JOIN old_rows AS replaced USING (id)
        JOIN reports_report AS report ON report.id = written.report_id
        WHERE (written.approved_state, written.approved_value, written.approved_qualifier,
               written.approved_word)
           IS DISTINCT FROM
              (replaced.approved_state, replaced.approved_value, replaced.approved_qualifier,
               replaced.approved_word)
          AND (report.state <> 'approved'
               OR (written.approved_state <> ''
                   AND (written.approved_state, written.approved_value,
                        written.approved_qualifier, written.approved_word)
                       IS DISTINCT FROM
                       (written.state, written.value, written.qualifier,
                        written.qualifier_word)))
    ) THEN
        RAISE EXCEPTION 'Số liệu chính thức chỉ đổi khi báo cáo được duyệt.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_official_by_approval';
    END IF;
    RETURN NULL;
END $$;
"""

LOGGED = """
CREATE OR REPLACE FUNCTION reports_guard_logged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_in text := (SELECT state FROM reports_report WHERE id = NEW.id);
    logged text := (SELECT to_state FROM reports_transition WHERE report_id = NEW.id
                    ORDER BY id DESC LIMIT 1);
BEGIN
    IF now_in IS DISTINCT FROM logged AND now_in IS NOT NULL THEN
        RAISE EXCEPTION 'Báo cáo chuyển tình trạng mà không ghi ai chuyển.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_move_logged';
    END IF;
    IF (SELECT count(*) FROM reports_edition WHERE report_id = NEW.id {of_whole_reports}) <> (
        SELECT count(*) FROM reports_transition
        WHERE report_id = NEW.id AND to_state = 'approved'
    ) THEN
        RAISE EXCEPTION 'Mỗi lần duyệt phải có một bản lưu của số liệu được duyệt.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_approval_frozen';
    END IF;
    RETURN NULL;
END $$;
"""

NOW = {
    "unless_asked_for": "WHERE NOT (state = 'missing' AND review = 'returned')",
    "unless_returned": "AND replaced.review <> 'returned'",
    "of_whole_reports": "AND accepts_id IS NULL",
}
BEFORE = dict.fromkeys(NOW, "")


def replaced(statement: str) -> migrations.RunSQL:
    return migrations.RunSQL(statement.format(**NOW), statement.format(**BEFORE))


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_entry")]

    operations = [replaced(NEW_FIGURES), replaced(CHANGED_FIGURES), replaced(LOGGED)]
