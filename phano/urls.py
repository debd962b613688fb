"""Where every screen is. An organization's pages all stand under /o/<slug>/."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("portfolio.urls")),
    path("", include("diagnostics.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
