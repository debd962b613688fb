"""The doors of the facts: import, the data contract, export, the sample portfolio."""

from django.urls import path

from portfolio.views import contract, exports, imports

urlpatterns = [
    path("o/<slug:slug>/import/", imports.show_import, name="import"),
    path("o/<slug:slug>/import/progress/", imports.show_progress, name="import_progress"),
    path("o/<slug:slug>/import/start/", imports.start_import, name="import_start"),
    path("o/<slug:slug>/import/<uuid:import_id>/stop/", imports.stop_import, name="import_stop"),
    path("o/<slug:slug>/import/<uuid:import_id>/undo/", imports.undo_import, name="import_undo"),
    path("o/<slug:slug>/import/<uuid:import_id>/run/", imports.run_import_again, name="import_run"),
    path("o/<slug:slug>/import/<uuid:import_id>/rejects/", imports.show_rejects, name="import_rejects"),
    path("o/<slug:slug>/import/<uuid:import_id>/rejects/csv/", imports.download_rejects, name="import_rejects_csv"),
    path("o/<slug:slug>/sample/load/", imports.load_sample, name="sample_load"),
    path("o/<slug:slug>/sample/remove/", imports.remove_sample, name="sample_remove"),
    path("o/<slug:slug>/contract/", contract.show_contract, name="contract"),
    path("o/<slug:slug>/contract/<slug:file>.csv", contract.download_template, name="contract_template"),
    path("o/<slug:slug>/export/", exports.show_export, name="export"),
    path("o/<slug:slug>/export/start/", exports.start_export, name="export_start"),
    path("o/<slug:slug>/export/<uuid:export_id>/download/", exports.fetch_export, name="export_download"),
]
