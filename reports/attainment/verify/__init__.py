"""The second implementation of docs/attainment.md, to check the first one by.

Plain Python over figures, plans and lineage. It reads nothing that the engine computed but the
rows it checks, and shares no rule with it.

    ground     where and when: periods, leaves, units, lineage (sections 1, 8)
    answers    figures to the answers of leaves, on each layer (section 2)
    cells      answers to what was done in a period at a place (sections 3, 4, 8)
    recounts   counting anew who took part (section 5)
    promises   the plan that counts on a day (section 6)
    verdicts   percentage or reason, and the conclusion (section 7)
    rows       the rows as they ought to be
    stored     the rows as they are, and the differences in words
    proof      all of it, program by program
"""
