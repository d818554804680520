"""A program that does not exist: «số liệu minh họa», so that a newcomer sees living pages at once.

Loaded by `./kc up`, removed by `./kc manage remove_sample`, in no total but its own.
"""
