"""Hà Nội's khuyến công as five news articles give it: programs, plans, figures, quotations.

The figures go the way every figure goes: typed, submitted, approved. Nothing is typed for
2011-2015 that was not derived from a published comparison, and what is derived says so.
"""
