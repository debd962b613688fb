"""Writes docs/kpis.md from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from diagnostics.kpis.documenting import PAGE, write_page


class Command(BaseCommand):
    help = "Write docs/kpis.md from the declarations and docstrings of the KPIs."

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(write_page(), encoding="utf-8")
