"""The screens of the diagnosis."""

from django.urls import path

from diagnostics.views import account, accounts, changes, choices, matrix, quality, renewals, today

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
    path("o/<slug:slug>/accounts/<uuid:account_id>/", account.account, name="account"),
    path("o/<slug:slug>/accounts/<uuid:account_id>/causes/", account.account_causes, name="account_causes"),
    path("o/<slug:slug>/accounts/<uuid:account_id>/causes/<int:number>/", account.account_cause, name="account_cause"),
    path("o/<slug:slug>/accounts/<uuid:account_id>/notes/", account.write_note, name="write_note"),
    path("o/<slug:slug>/notes/<uuid:interaction_id>/undo/", account.undo_note, name="undo_note"),
    path("o/<slug:slug>/renewals/", renewals.renewals, name="renewals"),
    path("o/<slug:slug>/renewals/csv/", renewals.renewals_csv, name="renewals_csv"),
    path("o/<slug:slug>/accounts/<uuid:account_id>/forecast/", renewals.set_forecast, name="set_forecast"),
    path("o/<slug:slug>/accounts/<uuid:account_id>/step/", renewals.set_step, name="set_step"),
    path("o/<slug:slug>/goals/<uuid:goal_id>/done/", renewals.finish_step, name="finish_step"),
    path("o/<slug:slug>/changes/<uuid:change_id>/undo/", changes.undo_change, name="undo_change"),
    path("o/<slug:slug>/data-quality/", quality.data_quality, name="data_quality"),
    path("o/<slug:slug>/data-quality/csv/", quality.data_quality_csv, name="data_quality_csv"),
    path("o/<slug:slug>/choices/<str:field>/", choices.filter_choices, name="filter_choices"),
    path("o/<slug:slug>/search/", choices.search, name="search"),
]
