"""Around the accounts list: its file, the palette's search, a filter's choices, and the views that members keep."""

import csv
import io
import re

import pytest

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role
from diagnostics.models import SavedView
from tests.diagnostics.accounts_list import URL, book, read
from tests.diagnostics.diagnosed import NIGHT

__all__ = ["book"]

SEARCH = "/o/acme/search/"


def test_the_file_holds_the_rows_of_the_list_and_no_formula(book, client_for):
    answer = client_for(book.alice).get(f"{URL}csv/?sort=name")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="accounts-acme-{NIGHT}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["name"][:7] for row in rows] == ["<script", "Kestrel", "Östberg"]
    assert rows[0]["account_id"] == "'=cmd|calc"
    assert (rows[0]["health"], rows[0]["arr"]) == ("", "")
    assert (rows[2]["health"], rows[2]["health_change_30_days"], rows[2]["arr"]) == ("41.0", "-19.0", "121000.00")
    assert client_for(book.alice).get(f"{URL}csv/?state=left").status_code == 400
    assert client_for(book.charlie).get(f"{URL}csv/").status_code == 404


def test_the_palette_finds_accounts_and_by_their_contacts(book, client_for):
    client = client_for(book.alice)

    def find(words):
        answer = client.get(SEARCH, {"q": words}, headers={"HX-Request": "true"}).text
        return re.findall(r'href="/o/acme/accounts/([0-9a-f-]+)/"', answer)

    kestrel = [str(book.kestrel.pk)]
    assert find("kestr") == find("IE-7") == find("ingrid@KESTREL.example") == find("ingrid moe") == kestrel
    assert find("ostberg v") == [str(book.ostberg.pk)]
    assert find("ingrid") == find("Canary") == find("%") == []
    assert find("") == []
    assert client.get(SEARCH, {"q": "a" * 101}).status_code == 400
    assert client.get(SEARCH, {"x": "1"}).status_code == 400
    assert client.post(SEARCH).status_code == 405
    assert client.get(SEARCH, {"q": "kestr"}).headers["Location"] == f"{URL}?q=kestr"
    assert client_for(book.charlie).get(SEARCH, {"q": "kestr"}).status_code == 404


def test_choices_hold_what_occurs_in_the_book(book, client_for):
    def choices(field, query=""):
        page = client_for(book.alice).get(f"/o/acme/choices/{field}/{query}").text
        return re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)<span class="end">(\d+)</span>', page)

    assert choices("owner", "?screen=accounts&sort=name") == [
        ("/o/acme/accounts/?owner=bob%40acme.example&amp;sort=name", "Bob", "2"),
        ("/o/acme/accounts/?owner=dora%40consulting.example&amp;sort=name", "Dora", "1"),
        ("/o/acme/accounts/?owner=none&amp;sort=name", "No owner", "2"),
    ]
    assert [(label, count) for _url, label, count in choices("country")] == [("IE", "1"), ("SE", "1"), ("Unknown", "3")]
    assert choices("cohort", "?screen=matrix&view=table") == [
        ("/o/acme/matrix/?cohort=2022&amp;view=table", "2022", "1")
    ]
    for address in ("/o/acme/choices/salary/", "/o/globex/choices/owner/"):
        assert client_for(book.alice).get(address).status_code == 404
    for query in ("?screen=today", "?view=map", "?sort=salary", "?colour=red"):
        assert client_for(book.alice).get(f"/o/acme/choices/owner/{query}").status_code == 400


class TestSavedViews:
    SAVE = f"{URL}views/"

    def views(self, cast):
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            return sorted(SavedView.objects.values_list("name", "query", "shared"))

    def view_of(self, cast, name):
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            return SavedView.objects.get(name=name)

    def test_a_list_is_kept_shown_replaced_and_deleted(self, book, client_for):
        client = client_for(book.bob)
        query = "segment=defense_priority&sort=health"
        answer = client.post(self.SAVE, {"name": " To  defend ", "query": query})
        assert answer.headers["Location"] == f"{URL}?{query}"
        assert self.views(book) == [("To defend", query, False)]
        assert "<b>To defend</b>" in read(client, f"?{query}")
        client.post(self.SAVE, {"name": "To defend", "query": "tier=smb", "shared": "on"})
        assert self.views(book) == [("To defend", "tier=smb", True)]
        client.post(f"{self.SAVE}{self.view_of(book, 'To defend').pk}/delete/")
        assert self.views(book) == []
        with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
            actions = list(
                AuditEntry.objects.filter(subject="saved_view").order_by("at").values_list("action", flat=True)
            )
        assert actions == ["view.saved", "view.saved", "view.deleted"]

    def test_only_what_is_shown_to_everyone_is_seen_by_others(self, book, client_for):
        client_for(book.bob).post(self.SAVE, {"name": "Mine", "query": ""})
        client_for(book.bob).post(self.SAVE, {"name": "Ours", "query": "tier=smb", "shared": "on"})
        page = read(client_for(book.dora), "?book=all")
        assert "Ours" in page
        assert "Mine" not in page
        ours, mine = self.view_of(book, "Ours").pk, self.view_of(book, "Mine").pk
        # A colleague deletes neither; the owner tidies up what is shown to everyone.
        for view in (ours, mine):
            assert client_for(book.dora).post(f"{self.SAVE}{view}/delete/").status_code == 404
        assert client_for(book.alice).post(f"{self.SAVE}{mine}/delete/").status_code == 404
        assert client_for(book.alice).post(f"{self.SAVE}{ours}/delete/").status_code == 302
        assert client_for(book.charlie).post(f"/o/globex/accounts/views/{mine}/delete/").status_code == 404
        assert self.views(book) == [("Mine", "", False)]

    @pytest.mark.parametrize("posted", [{"name": "  "}, {"name": "x" * 81}, {}])
    def test_a_bad_name_is_refused_in_words(self, book, client_for, posted):
        page = client_for(book.bob).post(self.SAVE, {"query": "", **posted}, follow=True).text
        assert 'class="notice notice--bad' in page
        assert self.views(book) == []

    @pytest.mark.parametrize("query", ["next=//evil.example", "sort=salary", "page=x"])
    def test_a_query_that_no_list_knows_is_refused(self, book, client_for, query):
        assert client_for(book.bob).post(self.SAVE, {"name": "Bad", "query": query}).status_code == 400
        assert self.views(book) == []

    def test_a_viewer_and_a_member_after_the_trial_keep_nothing(self, book, client_for):
        with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
            Membership.objects.create(user=book.eve, role=Role.VIEWER)
        assert client_for(book.eve).post(self.SAVE, {"name": "Mine", "query": ""}).status_code == 403
        assert "Keep this list" not in read(client_for(book.eve))
        with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
            Organization.objects.update(trial_ends_at="2020-01-01T00:00:00Z")
        assert client_for(book.bob).post(self.SAVE, {"name": "Mine", "query": ""}).status_code == 403
        assert "Keep this list" not in read(client_for(book.bob))
        assert client_for(book.bob).get(self.SAVE).status_code == 405
        assert self.views(book) == []

    def test_fifty_are_enough_for_one_member(self, book, client_for):
        with organization_context(organization_id=book.acme.id, user_id=book.bob.id):
            member = Membership.objects.get(user=book.bob)
            SavedView.objects.bulk_create(
                SavedView(organization_id=book.acme.id, member=member, screen="accounts", name=f"View {number}")
                for number in range(50)
            )
        client_for(book.bob).post(self.SAVE, {"name": "One more", "query": ""})
        client_for(book.bob).post(self.SAVE, {"name": "View 7", "query": "tier=smb"})
        kept = self.views(book)
        assert len(kept) == 50
        assert ("View 7", "tier=smb", False) in kept
