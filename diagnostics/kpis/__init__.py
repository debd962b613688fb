"""The KPIs: pure functions over frames of facts, one file per family, and the readers that give them their frames.

A KPI is a list of *parts*, one row per account and period with a numerator and, for a ratio, a denominator. A figure
is the sum of its parts over a group, so that groups add up to the total and every figure opens on what makes it up.
"""
