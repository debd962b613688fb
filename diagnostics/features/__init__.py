"""Features: what the facts of an organization say about each account on one night.

One SQL statement per kind of fact brings one row per account (usage: one per account and metric); here they are
joined. Every statement begins with organization_id and reads only what is dated on or before the night.
"""

from .frame import compute_features
from .reading import FeatureSettings

__all__ = ["FeatureSettings", "compute_features"]
