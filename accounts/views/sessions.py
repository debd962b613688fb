"""Where I am signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.sessions import end_other_sessions, list_sessions
from accounts.web import UserRequest


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def sessions(request: UserRequest) -> HttpResponse:
    """List my sessions; a POST ends all but this one."""
    key = request.session.session_key or ""
    if request.method == "POST":
        end_other_sessions(request.user, current_key=key)
        messages.success(request, _("You are signed out everywhere else."))
        return redirect("sessions")
    return render(request, "accounts/sessions.html", {"sessions": list_sessions(request.user, current_key=key)})
