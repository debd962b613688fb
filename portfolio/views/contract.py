"""The data contract as a page, and an empty file of each kind to begin with."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from portfolio.contract import FILES
from portfolio.importing.reasons import kind_in_words
from portfolio.spreadsheets import write_spreadsheet


@organization_view("organization.enter")
@require_GET
def show_contract(request: MemberRequest) -> HttpResponse:
    """Every file with its columns, read from the contract itself."""
    files = [
        {
            "file": file,
            "columns": [
                {"column": column, "kind": kind_in_words(column), "is_key": column.name in file.key}
                for column in file.columns
            ],
        }
        for file in FILES.values()
    ]
    return render(request, "portfolio/contract.html", {"files": files})


@organization_view("organization.enter")
@require_GET
def download_template(request: MemberRequest, file: str) -> HttpResponse:
    """One file's header and nothing under it; 404 for a name that is not in the contract."""
    if file not in FILES:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file}.csv"'
    write_spreadsheet(response, FILES[file].names, [])
    return response
