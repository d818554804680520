"""Approved figures are for ever, but for those of a sample program, which are nobody's."""

from django.db import migrations

DELETED_FIGURES = """
CREATE OR REPLACE FUNCTION reports_guard_deleted_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {unless_sample}
    PERFORM reports_refuse_closed(array(SELECT DISTINCT report_id FROM old_rows));
    IF EXISTS (SELECT FROM old_rows WHERE approved_state <> '') THEN
        RAISE EXCEPTION 'Số liệu đã từng được duyệt thì không xóa được; hãy ghi «chưa báo cáo».'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'figure_approved_not_deleted';
    END IF;
    RETURN NULL;
END $$;
"""
UNLESS_SAMPLE = """
    IF NOT EXISTS (
        SELECT FROM old_rows
        JOIN programs_program AS program ON program.id = old_rows.program_id
        WHERE NOT program.is_sample
    ) THEN
        RETURN NULL;
    END IF;"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_one_figure_returned"), ("programs", "0004_sample_programs")]

    operations = [
        migrations.RunSQL(
            DELETED_FIGURES.format(unless_sample=UNLESS_SAMPLE),
            DELETED_FIGURES.format(unless_sample=""),
        )
    ]
