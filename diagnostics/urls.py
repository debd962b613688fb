"""The screens of the diagnosis."""

from django.urls import path

from diagnostics.views import accounts, choices, matrix, today

urlpatterns = [
    path("o/<slug:slug>/today/", today.today, name="today"),
    path("o/<slug:slug>/today/movements/", today.movements, name="movements"),
    path("o/<slug:slug>/priorities/<uuid:priority_id>/done/", today.record_done, name="record_done"),
    path("o/<slug:slug>/priorities/<uuid:priority_id>/snooze/", today.snooze, name="snooze_priority"),
    path("o/<slug:slug>/priorities/<uuid:priority_id>/dismiss/", today.dismiss, name="dismiss_priority"),
    path("o/<slug:slug>/acts/<uuid:act_id>/undo/", today.undo, name="undo_act"),
    path("o/<slug:slug>/matrix/", matrix.matrix, name="matrix"),
    path("o/<slug:slug>/accounts/", accounts.accounts, name="accounts"),
    path("o/<slug:slug>/accounts/csv/", accounts.accounts_csv, name="accounts_csv"),
    path("o/<slug:slug>/accounts/views/", accounts.save, name="saved_view_save"),
    path("o/<slug:slug>/accounts/views/<uuid:view_id>/delete/", accounts.delete, name="saved_view_delete"),
    path("o/<slug:slug>/choices/<str:field>/", choices.filter_choices, name="filter_choices"),
    path("o/<slug:slug>/search/", choices.search, name="search"),
]
