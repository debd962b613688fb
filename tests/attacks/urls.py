"""Views as nobody should write them, behind the product's own door: what the database must withstand alone."""

import uuid

from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse, JsonResponse
from django.urls import path

from accounts.models import Membership, Team
from accounts.web import organization_view
from phano.urls import urlpatterns as product

# Called in the middle of `pause`, by the test that waits for it.
MEANWHILE = []


@organization_view("portfolio.view")
def vulnerable(request):
    """Puts its parameter into the statement, shows whatever comes back, errors included."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # No parameters: so psycopg lets several statements through, the worst case.
            cursor.execute(f"SELECT name FROM portfolio_account WHERE name = '{request.GET['q']}'")
            found = cursor.fetchall() if cursor.description else []
            while cursor.nextset():
                found += cursor.fetchall() if cursor.description else []
        return HttpResponse("\n".join(str(row) for row in found))
    except DatabaseError as error:
        return HttpResponse(f"error: {error}")


@organization_view("portfolio.view")
def pause(request):
    """Counts teams, lets something happen elsewhere, counts again in the same transaction."""
    before = Team.objects.count()
    for act in MEANWHILE:
        act()
    return JsonResponse({"before": before, "after": Team.objects.count(), "members": Membership.objects.count()})


@organization_view("portfolio.view")
def restless(request, how):
    """Names what it sees, then ends in one of the ways a request can end."""
    names = [team.name for team in Team.objects.all()]
    with connection.cursor() as cursor:
        if how == "exception":
            raise RuntimeError("half-way")
        if how == "timeout":
            cursor.execute("SET LOCAL statement_timeout = 1")
            cursor.execute("SELECT pg_sleep(1)")
        if how == "disconnect":
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        if how == "error":
            return HttpResponse(status=500)
        if how == "injected":
            # Session-wide: it outlives the transaction, and the request.
            cursor.execute("SELECT set_config('phano.context', current_setting('phano.context'), false)")
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    return JsonResponse({"names": names, "backend": backend})


@organization_view("portfolio.view")
def careless(request, how):
    """Lets the database's own errors out."""
    if how == "duplicate":
        Team.objects.create(name="Canary team")
    if how == "foreign":
        Membership.objects.filter(pk=request.membership.pk).update(team_id=uuid.UUID(int=5))
    with connection.cursor() as cursor:
        if how == "syntax":
            cursor.execute("SELEC name FROM accounts_team")
        if how == "cast":
            cursor.execute("SELECT name::int FROM accounts_team")
        if how == "policy":
            cursor.execute("INSERT INTO accounts_team VALUES (gen_random_uuid(), 'Canary team', gen_random_uuid())")
    raise ValueError("Canary team in a local variable")


urlpatterns = [
    path("o/<slug:slug>/vulnerable/", vulnerable),
    path("o/<slug:slug>/pause/", pause),
    path("o/<slug:slug>/restless/<str:how>/", restless),
    path("o/<slug:slug>/careless/<str:how>/", careless),
    *product,
]
