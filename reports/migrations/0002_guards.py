"""Rules about several tables, which a check constraint cannot hold. Messages are for people.

Statement triggers look at all rows of a statement at once, so a bulk load pays once.
"""

from django.db import migrations

# A report is of the program's own kind of period, inside its stage, by a unit that belongs there.
REPORT_GUARD = """
CREATE FUNCTION reports_guard_report() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    program programs_program;
    period programs_period;
    stage programs_period;
    unit programs_province;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.program_id, NEW.province_id, NEW.period_id)
                IS DISTINCT FROM (OLD.program_id, OLD.province_id, OLD.period_id) THEN
            RAISE EXCEPTION 'Không đổi được chương trình, tỉnh hoặc kỳ của một báo cáo đã lập.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'report_identity_fixed';
        END IF;
        RETURN NEW; -- what was right when it was opened may be finished
    END IF;
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'Báo cáo mới bắt đầu ở tình trạng «đang nhập».'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_begins_as_draft';
    END IF;

    SELECT * INTO program FROM programs_program WHERE id = NEW.program_id;
    SELECT * INTO period FROM programs_period WHERE id = NEW.period_id;
    SELECT * INTO stage FROM programs_period WHERE id = program.stage_id;
    SELECT * INTO unit FROM programs_province WHERE id = NEW.province_id;

    IF period.kind <> program.leaf_kind OR period.calendar <> program.calendar THEN
        RAISE EXCEPTION 'Kỳ «%» không phải loại kỳ báo cáo của chương trình «%».',
            period.name, program.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_period_is_leaf';
    END IF;
    IF period.starts_on < stage.starts_on OR period.ends_on > stage.ends_on THEN
        RAISE EXCEPTION 'Kỳ «%» nằm ngoài giai đoạn của chương trình «%».',
            period.name, program.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_period_in_stage';
    END IF;
    IF unit.valid_from > period.ends_on OR unit.valid_to < period.starts_on THEN
        RAISE EXCEPTION 'Trong kỳ «%» chưa có hoặc không còn đơn vị «%».', period.name, unit.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_unit_exists_then';
    END IF;
    IF NOT programs_belongs(program.province_id, unit.id) THEN
        RAISE EXCEPTION 'Chương trình «%» không phải của «%».', program.name, unit.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_unit_owns_program';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reports_guard_report BEFORE INSERT OR UPDATE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_guard_report();
"""

# At the end of the transaction a moved report has its move in the log, and an approved one the
# edition that this approval froze: by SQL alone nothing becomes official.
LOGGED_GUARD = """
CREATE FUNCTION reports_guard_logged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_in text := (SELECT state FROM reports_report WHERE id = NEW.id);
    logged text := (SELECT to_state FROM reports_transition WHERE report_id = NEW.id
                    ORDER BY id DESC LIMIT 1);
BEGIN
    IF now_in IS DISTINCT FROM logged AND now_in IS NOT NULL THEN
        RAISE EXCEPTION 'Báo cáo chuyển tình trạng mà không ghi ai chuyển.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_move_logged';
    END IF;
    IF (SELECT count(*) FROM reports_edition WHERE report_id = NEW.id) <> (
        SELECT count(*) FROM reports_transition
        WHERE report_id = NEW.id AND to_state = 'approved'
    ) THEN
        RAISE EXCEPTION 'Mỗi lần duyệt phải có một bản lưu của số liệu được duyệt.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_approval_frozen';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reports_guard_logged AFTER UPDATE ON reports_report
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION reports_guard_logged();
"""

DROP_LOGGED_GUARD = """
DROP TRIGGER reports_guard_logged ON reports_report;
DROP FUNCTION reports_guard_logged();
"""

# What was typed changes in an open report only; what is official is what was submitted.
FIGURE_GUARD = """
ALTER TABLE reports_figure ADD CONSTRAINT figure_of_its_report
    FOREIGN KEY (report_id, program_id, province_id, period_id)
    REFERENCES reports_report (id, program_id, province_id, period_id)
    DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION reports_refuse_closed(report_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Sharing the rows makes an approval wait for us and us for it; writers do not wait for
    -- one another.
    PERFORM FROM reports_report WHERE id = ANY (report_ids) ORDER BY id FOR SHARE;
    IF EXISTS (
        SELECT FROM reports_report
        WHERE id = ANY (report_ids) AND state IN ('submitted', 'approved')
    ) THEN
        RAISE EXCEPTION 'Báo cáo đã gửi hoặc đã duyệt; trả lại hoặc mở lại rồi mới sửa số liệu.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_report_open';
    END IF;
END $$;

CREATE FUNCTION reports_guard_new_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reports_refuse_closed(array(SELECT DISTINCT report_id FROM new_rows));
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

CREATE FUNCTION reports_guard_changed_figures() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- Values that their indicator cannot have.
CREATE FUNCTION reports_refuse_values(figure_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT indicator.name,
           indicator.aggregation = 'ratio' AS is_ratio,
           figure.value < 0 AND indicator.aggregation <> 'rate' AS is_negative
    INTO wrong
    FROM reports_figure AS figure
    JOIN programs_indicator AS indicator ON indicator.id = figure.indicator_id
    WHERE figure.id = ANY (figure_ids)
      AND (indicator.aggregation = 'ratio'
           OR (figure.value < 0 AND indicator.aggregation <> 'rate')
           OR figure.value <> round(figure.value, indicator.decimals))
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    ELSIF wrong.is_ratio THEN
        RAISE EXCEPTION '«%» là tỷ số: nhập tử số và mẫu số, không nhập thẳng tỷ số.', wrong.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_not_of_ratio';
    ELSIF wrong.is_negative THEN
        RAISE EXCEPTION 'Số liệu của «%» không thể âm.', wrong.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_not_negative';
    END IF;
    RAISE EXCEPTION 'Số liệu của «%» có nhiều chữ số thập phân hơn chỉ tiêu cho phép.', wrong.name
        USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_decimals';
END $$;

CREATE FUNCTION reports_guard_deleted_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reports_refuse_closed(array(SELECT DISTINCT report_id FROM old_rows));
    IF EXISTS (SELECT FROM old_rows WHERE approved_state <> '') THEN
        RAISE EXCEPTION 'Số liệu đã từng được duyệt thì không xóa được; hãy ghi «chưa báo cáo».'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_approved_not_deleted';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER reports_guard_insert AFTER INSERT ON reports_figure
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reports_guard_new_figures();
CREATE TRIGGER reports_guard_update AFTER UPDATE ON reports_figure
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reports_guard_changed_figures();
CREATE TRIGGER reports_guard_delete AFTER DELETE ON reports_figure
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reports_guard_deleted_figures();
"""

# What figures were typed under does not change under them: a new program or indicator is made.
IN_USE_GUARD = """
CREATE FUNCTION reports_guard_program() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.leaf_kind, NEW.calendar, NEW.stage_id, NEW.province_id)
            IS DISTINCT FROM (OLD.leaf_kind, OLD.calendar, OLD.stage_id, OLD.province_id)
            AND (EXISTS (SELECT FROM reports_report WHERE program_id = NEW.id)
                 OR EXISTS (SELECT FROM programs_target WHERE program_id = NEW.id)) THEN
        RAISE EXCEPTION 'Chương trình đã có kế hoạch hoặc báo cáo: không đổi được kỳ báo cáo, '
            'lịch, giai đoạn và tỉnh.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'program_in_use';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_guard_program BEFORE UPDATE ON programs_program
    FOR EACH ROW EXECUTE FUNCTION reports_guard_program();

CREATE FUNCTION reports_guard_indicator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ((NEW.aggregation, NEW.entry_mode, NEW.unit, NEW.province_id)
            IS DISTINCT FROM (OLD.aggregation, OLD.entry_mode, OLD.unit, OLD.province_id)
            OR NEW.decimals < OLD.decimals)
            AND EXISTS (SELECT FROM reports_figure WHERE indicator_id = NEW.id) THEN
        RAISE EXCEPTION 'Chỉ tiêu đã có số liệu: không đổi được đơn vị tính, cách cộng, cách nhập '
            'và không giảm được số chữ số thập phân; hãy lập chỉ tiêu mới.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'indicator_in_use';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_guard_indicator BEFORE UPDATE ON programs_indicator
    FOR EACH ROW EXECUTE FUNCTION reports_guard_indicator();
"""

DROP_IN_USE_GUARD = """
DROP TRIGGER reports_guard_program ON programs_program;
DROP FUNCTION reports_guard_program();
DROP TRIGGER reports_guard_indicator ON programs_indicator;
DROP FUNCTION reports_guard_indicator();
"""

DROP_REPORT_GUARD = """
DROP TRIGGER reports_guard_report ON reports_report;
DROP FUNCTION reports_guard_report();
"""

DROP_FIGURE_GUARD = """
DROP TRIGGER reports_guard_insert ON reports_figure;
DROP TRIGGER reports_guard_update ON reports_figure;
DROP TRIGGER reports_guard_delete ON reports_figure;
DROP FUNCTION reports_guard_new_figures();
DROP FUNCTION reports_guard_changed_figures();
DROP FUNCTION reports_refuse_values(bigint[]);
DROP FUNCTION reports_guard_deleted_figures();
DROP FUNCTION reports_refuse_closed(bigint[]);
ALTER TABLE reports_figure DROP CONSTRAINT figure_of_its_report;
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("programs", "0002_guards")]

    operations = [
        migrations.RunSQL(REPORT_GUARD, DROP_REPORT_GUARD),
        migrations.RunSQL(LOGGED_GUARD, DROP_LOGGED_GUARD),
        migrations.RunSQL(FIGURE_GUARD, DROP_FIGURE_GUARD),
        migrations.RunSQL(IN_USE_GUARD, DROP_IN_USE_GUARD),
    ]
