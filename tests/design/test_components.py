"""Components and drawing tags: what they say, and what they leave out."""

import re
from datetime import date

import pytest
from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware


def draw(source: str, **context: object) -> str:
    return Template("{% load phano_display %}" + source).render(Context(context))


def test_a_badge_carries_a_shape_and_a_word() -> None:
    for segment, shape, word in [
        ("expansion_priority", "M4 .5 7.7 7H.3z", "Expansion"),
        ("defense_priority", "M4 0 8 4 4 8 0 4z", "Defense"),
        ("regular_follow_up", "circle", "Regular"),
    ]:
        badge = render_to_string("components/segment.html", {"segment": segment})
        assert shape in badge
        assert word in badge
    assert "<span" not in render_to_string("components/segment.html", {"segment": ""})


def test_a_lever_stands_at_its_place_in_the_order() -> None:
    places = {"retain": 5, "upsell": 17, "seats": 17, "usage": 17, "cross_sell": 29, "price": 41}
    for lever, place in places.items():
        drawn = render_to_string("components/lever.html", {"lever": lever})
        assert f'pip--now" cx="{place}"' in drawn
        assert drawn.count("pip--done") == [5, 17, 29, 41].index(place)
    assert "Retain, night 1 of 14" in render_to_string(
        "components/lever.html", {"lever": "retain", "note": "night 1 of 14"}
    )


def test_a_source_is_dated_where_it_is_late() -> None:
    fresh = render_to_string("components/source.html", {"source": "billing"})
    late = render_to_string(
        "components/source.html", {"source": "billing", "late": date(2026, 11, 18), "today": date(2026, 11, 19)}
    )
    assert "src--late" not in fresh
    assert "Billing, 18\u00a0Nov" in late


def test_a_missing_score_is_withheld_and_not_zero() -> None:
    assert "withheld" in render_to_string("components/score.html", {"label": "Health", "value": None})
    shown = render_to_string("components/score.html", {"label": "Health", "value": 0, "delta": -25, "values": [25, 0]})
    assert "<b>0</b>" in shown
    assert "\u221225" in shown
    assert "d-down" in shown
    assert "none" in render_to_string("components/figure.html", {"label": "Room", "value": None})


def test_a_sparkline_breaks_where_a_night_is_missing_and_stays_flat_for_a_wobble() -> None:
    assert draw("{% sparkline values %}", values=[1]) == ""
    path = re.search(r'd="([^"]+)"', draw("{% sparkline values -5 %}", values=[60, 58, None, 50, 41])).group(1)
    assert path.count("M") == 2
    heights = [
        float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", draw("{% sparkline values %}", values=[60, 61, 60]))
    ]
    assert max(heights) - min(heights) <= 1


def test_bars_stay_inside_their_frame() -> None:
    full = draw("{% bar 1.4 'f-warn' 2.0 %}")
    assert 'class="f-warn" width="220"' in full
    assert 'd="M220 0V14"' in full
    assert 'class="f-acc" width="0"' in draw("{% bar share %}", share=-1)
    assert 'class="f-def" x="1.0"' in draw("{% points_bar -14 14 %}")
    assert 'class="f-exp" x="65" y="5" width="31.0"' in draw("{% points_bar 7 14 %}")
    assert 'aria-valuenow="64"' in draw("{% progress_bar 0.64 'Read' %}")


def test_an_unknown_icon_fails_when_the_template_is_read() -> None:
    with pytest.raises(TemplateSyntaxError, match="no icon 'unicorn'"):
        Template("{% load phano_display %}{% icon 'unicorn' %}")


def test_names_become_initials() -> None:
    assert draw("{{ name|initials }}", name="Ingrid Moe") == "IM"
    assert draw("{{ name|initials }}", name="Löwen") == "L"
    assert draw("{{ name|initials }}", name="<script> x") == "X"


class Person(forms.Form):
    name = forms.CharField(help_text="As on the contract.")
    role = forms.ChoiceField(choices=[("csm", "CSM")])
    agreed = forms.BooleanField(label="Agreed")
    note = forms.CharField(required=False, widget=forms.TextInput(attrs={"placeholder": "Write"}))


def test_a_refused_field_says_why_between_its_label_and_itself() -> None:
    form = Person({"role": "csm"})
    assert not form.is_valid()
    html = render_to_string("components/form_fields.html", {"form": form})
    name = html[: html.index('name="role"')]
    assert name.index("<label") < name.index("This field is required.") < name.index('name="name"')
    for part in ('aria-invalid="true"', 'id="id_name_error"', 'id="id_name_helptext"'):
        assert part in name
    described = re.search(r'aria-describedby="([^"]+)"', name).group(1).split()
    assert all(f'id="{one}"' in name for one in described)
    assert html.count('class="input') == 3


def test_a_pager_keeps_the_filters_of_the_url() -> None:
    page = Paginator(range(2000), 50).page(3)
    request = RequestFactory().get("/o/acme/accounts/?segment=defense_priority&page=3")
    html = render_to_string("components/pager.html", {"page": page}, request)
    assert "101 to 150 of 2,000" in html
    assert html.count("segment=defense_priority") == html.count("<a ")
    assert html.count('aria-current="page"') == 1


def test_a_toast_takes_back_through_a_form() -> None:
    html = render_to_string("components/toast.html", {"text": "<b>x</b>", "undo": "/o/acme/undo/1"})
    assert "&lt;b&gt;" in html
    assert 'method="post" action="/o/acme/undo/1"' in html
    assert "<form" not in render_to_string("components/toast.html", {"text": "Saved"})


def test_a_toast_sent_without_htmx_leads_back_to_the_page_it_stands_on() -> None:
    request = RequestFactory().post(
        "/o/acme/priorities/1/done/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/o/acme/expansion/?show=windows&owner=me"},
    )
    HtmxMiddleware(lambda request: HttpResponse())(request)
    context = {"text": "Saved", "undo": "/o/acme/undo/1", "undo_target": "#part"}
    html = render_to_string("components/toast.html", context, request)
    assert 'name="next" value="/o/acme/expansion/?show=windows&amp;owner=me"' in html
    assert 'hx-params="not next"' in html
    plain = render_to_string("components/toast.html", context, RequestFactory().get("/o/acme/expansion/?page=2"))
    assert 'name="next" value="/o/acme/expansion/?page=2"' in plain
