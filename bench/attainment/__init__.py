"""How fast attainment is computed, as ratios to something measured in the same run."""
