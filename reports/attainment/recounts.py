"""Distinct counts are made anew from the records of participation, in every window and place."""

from __future__ import annotations

# Who took part as a beneficiary, on a day whose leaf has an approved report: one row for each
# entity, day and province. `answered` says which leaves those reports are for.
ATTENDED = """
approved_leaf AS (
    SELECT report.province_id, report.period_id, leaf.starts_on, leaf.ends_on
    FROM reports_report AS report
    JOIN programs_period AS leaf ON leaf.id = report.period_id
    WHERE report.program_id = %(program)s
      AND EXISTS (SELECT FROM programs_indicator
                  WHERE aggregation = 'distinct'
                    AND id IN (SELECT indicator_id FROM wanted_place))
      AND EXISTS (SELECT FROM reports_edition WHERE report_id = report.id)
),
attended AS (
    SELECT DISTINCT indicator.id AS indicator_id, activity.province_id, part.took_part_on,
           CASE indicator.counted WHEN 'country' THEN organisation.country
                ELSE organisation.id::text END AS entity
    FROM programs_indicator AS indicator
    JOIN programs_activity AS activity ON activity.program_id = %(program)s
    JOIN programs_participation AS part
        ON part.activity_id = activity.id AND part.role = 'beneficiary'
    JOIN programs_organisation AS organisation ON organisation.id = part.organisation_id
    JOIN approved_leaf AS leaf ON leaf.province_id = activity.province_id
        AND part.took_part_on BETWEEN leaf.starts_on AND leaf.ends_on
    WHERE indicator.aggregation = 'distinct'
      AND indicator.id IN (SELECT indicator_id FROM wanted_place)
      AND (indicator.content_group_id IS NULL OR EXISTS (
          SELECT FROM programs_activity_content_groups AS label
          WHERE (label.activity_id, label.contentgroup_id)
              = (activity.id, indicator.content_group_id)
      ))
      AND (indicator.counted = 'organisation' OR organisation.country <> '')
      AND programs_belongs(indicator.province_id, activity.province_id)
)"""
