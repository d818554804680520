"""Rules about several tables, which a check constraint cannot hold. Messages are for people."""

from django.db import migrations

# Where and when a program may promise or act: inside its stage, in its own province (or, for a
# national one, anywhere), and a promise for the whole nation is the nation's alone.
PLACE_GUARD = """
CREATE FUNCTION programs_belongs(owner bigint, place bigint) RETURNS boolean
    LANGUAGE sql STABLE
RETURN owner IS NULL OR EXISTS (
    SELECT FROM programs_lineage
    WHERE (unit_id, part_id) = (owner, place) OR (unit_id, part_id) = (place, owner)
);

CREATE FUNCTION programs_guard_target() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    program programs_program;
    period programs_period;
    stage programs_period;
    catalogue bigint;
BEGIN
    SELECT * INTO program FROM programs_program WHERE id = NEW.program_id;
    SELECT * INTO period FROM programs_period WHERE id = NEW.period_id;
    SELECT * INTO stage FROM programs_period WHERE id = program.stage_id;
    SELECT province_id INTO catalogue FROM programs_indicator WHERE id = NEW.indicator_id;
    IF catalogue IS NOT NULL AND (NEW.province_id IS NULL
            OR NOT programs_belongs(catalogue, NEW.province_id)) THEN
        RAISE EXCEPTION 'Chỉ tiêu này thuộc danh mục của một tỉnh khác.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_indicator_of_place';
    END IF;
    IF NEW.province_id IS NULL AND program.province_id IS NOT NULL THEN
        RAISE EXCEPTION 'Kế hoạch của chương trình địa phương phải nêu tỉnh.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_of_the_nation';
    END IF;
    IF NEW.province_id IS NOT NULL
            AND NOT programs_belongs(program.province_id, NEW.province_id) THEN
        RAISE EXCEPTION 'Chương trình «%» không phải của tỉnh này.', program.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_place_of_program';
    END IF;
    IF period.calendar <> program.calendar
            OR period.starts_on < stage.starts_on OR period.ends_on > stage.ends_on THEN
        RAISE EXCEPTION 'Kỳ «%» nằm ngoài giai đoạn hoặc khác lịch của chương trình «%».',
            period.name, program.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_period_in_stage';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER programs_guard_target BEFORE INSERT OR UPDATE ON programs_target
    FOR EACH ROW EXECUTE FUNCTION programs_guard_target();

CREATE FUNCTION programs_guard_activity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    program programs_program;
BEGIN
    SELECT * INTO program FROM programs_program WHERE id = NEW.program_id;
    IF NOT programs_belongs(program.province_id, NEW.province_id) THEN
        RAISE EXCEPTION 'Chương trình «%» không phải của tỉnh này.', program.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'activity_place_of_program';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER programs_guard_activity BEFORE INSERT OR UPDATE ON programs_activity
    FOR EACH ROW EXECUTE FUNCTION programs_guard_activity();

CREATE FUNCTION programs_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.replaces_id IS NOT NULL AND NEW.target_id <> (
        SELECT target_id FROM programs_targetversion WHERE id = NEW.replaces_id
    ) THEN
        RAISE EXCEPTION 'Một phiên bản chỉ thay cho phiên bản khác của cùng kế hoạch.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_version_replaces_own';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER programs_guard_version BEFORE INSERT OR UPDATE ON programs_targetversion
    FOR EACH ROW EXECUTE FUNCTION programs_guard_version();
"""

# A unit is taken over whole, by one that begins after it: so lineage never forks or circles.
PROVINCE_GUARD = """
CREATE FUNCTION programs_guard_province() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.successor_id IS NOT NULL AND NEW.valid_to >= (
            SELECT valid_from FROM programs_province WHERE id = NEW.successor_id
        ) OR EXISTS (
            SELECT FROM programs_province
            WHERE successor_id = NEW.id AND valid_to >= NEW.valid_from
        ) THEN
        RAISE EXCEPTION 'Đơn vị kế tiếp phải bắt đầu sau ngày đơn vị trước kết thúc.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'province_successor_later';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER programs_guard_province BEFORE INSERT OR UPDATE ON programs_province
    FOR EACH ROW EXECUTE FUNCTION programs_guard_province();
"""

# Persons trained ÷ persons living there is no ratio of sums: one adds up over time, one not.
RATIO_GUARD = """
CREATE FUNCTION programs_guard_ratio() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM programs_indicator AS ratio
        JOIN programs_indicator AS part ON part.id = ratio.numerator_id
        JOIN programs_indicator AS whole ON whole.id = ratio.denominator_id
        WHERE NEW.id IN (ratio.id, part.id, whole.id)
          AND (part.aggregation, whole.aggregation)
              NOT IN (('flow', 'flow'), ('stock', 'stock'))
    ) THEN
        RAISE EXCEPTION 'Tử số và mẫu số phải cùng cộng dồn hoặc cùng lấy giá trị mới nhất.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'indicator_ratio_alike';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER programs_guard_ratio AFTER INSERT OR UPDATE ON programs_indicator
    FOR EACH ROW EXECUTE FUNCTION programs_guard_ratio();
"""

DROP_PROVINCE_GUARD = """
DROP TRIGGER programs_guard_province ON programs_province;
DROP FUNCTION programs_guard_province();
"""

DROP_RATIO_GUARD = """
DROP TRIGGER programs_guard_ratio ON programs_indicator;
DROP FUNCTION programs_guard_ratio();
"""

DROP_PLACE_GUARD = """
DROP TRIGGER programs_guard_target ON programs_target;
DROP TRIGGER programs_guard_activity ON programs_activity;
DROP TRIGGER programs_guard_version ON programs_targetversion;
DROP FUNCTION programs_guard_target();
DROP FUNCTION programs_guard_activity();
DROP FUNCTION programs_guard_version();
DROP FUNCTION programs_belongs(bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_initial")]

    operations = [
        migrations.RunSQL(PLACE_GUARD, DROP_PLACE_GUARD),
        migrations.RunSQL(PROVINCE_GUARD, DROP_PROVINCE_GUARD),
        migrations.RunSQL(RATIO_GUARD, DROP_RATIO_GUARD),
    ]
