"""What stands on a layer: its own rows, and official ones where it has none."""

from __future__ import annotations


def layered(rows: str, *, cell: tuple[str, ...], part: tuple[str, ...], has_layers: bool) -> str:
    """Return a SELECT over the named part `rows` that completes every layer, cell by cell.

    `rows` has a column layer. A cell is on a layer other than the official one if any of its
    parts is; the official row then stands in for each part that is not. The result has all
    columns of `rows`, and `at_layer`: the layer that the row is counted on. By far the most
    figures are only official: where all are, there is nothing to complete.
    """
    official = f"SELECT part.*, part.layer AS at_layer FROM {rows} AS part"
    if not has_layers:
        return official
    names = ", ".join(cell)
    own_cell = ", ".join(f"part.{name}" for name in cell)
    same_cell = f"({own_cell}) = ({', '.join(f'other.{name}' for name in cell)})"
    key = (*cell, *part)
    own_key = ", ".join(f"own.{name}" for name in key)
    same_part = f"({own_key}) = ({', '.join(f'part.{name}' for name in key)})"
    return f"""
    {official} WHERE part.layer = 'official'
    UNION ALL
    SELECT part.*, other.layer
    FROM (SELECT DISTINCT layer, {names} FROM {rows} WHERE layer <> 'official') AS other
    JOIN {rows} AS part ON {same_cell}
    WHERE part.layer = other.layer OR (
        part.layer = 'official' AND NOT EXISTS (
            SELECT FROM {rows} AS own WHERE own.layer = other.layer AND {same_part}
        )
    )"""
