"""The doors of the facts: import, the data contract, export, the sample portfolio."""

from django.urls import path

from portfolio.views import catalogue, contract, exports, imports, plan_rates

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
    path("o/<slug:slug>/catalogue/", catalogue.catalogue, name="catalogue"),
    path("o/<slug:slug>/catalogue/product/<uuid:product_id>/", catalogue.catalogue_product, name="catalogue_product"),
    path("o/<slug:slug>/catalogue/undo/<uuid:entry_id>/", catalogue.catalogue_undo, name="catalogue_undo"),
    path("o/<slug:slug>/catalogue/<str:file>/new/", catalogue.catalogue_new, name="catalogue_new"),
    path("o/<slug:slug>/catalogue/<str:file>/<uuid:row_id>/", catalogue.catalogue_row, name="catalogue_row"),
    path(
        "o/<slug:slug>/catalogue/<str:file>/<uuid:row_id>/remove/",
        catalogue.catalogue_remove,
        name="catalogue_remove",
    ),
    path("o/<slug:slug>/settings/rates/", plan_rates.plan_rates, name="plan_rates"),
    path("o/<slug:slug>/settings/rates/<uuid:rate_id>/remove/", plan_rates.plan_rate_remove, name="plan_rate_remove"),
    path("o/<slug:slug>/settings/rates/<uuid:change_id>/undo/", plan_rates.plan_rate_undo, name="plan_rate_undo"),
    path("o/<slug:slug>/contract/", contract.show_contract, name="contract"),
    path("o/<slug:slug>/contract/<slug:file>.csv", contract.download_template, name="contract_template"),
    path("o/<slug:slug>/export/", exports.show_export, name="export"),
    path("o/<slug:slug>/export/start/", exports.start_export, name="export_start"),
    path("o/<slug:slug>/export/<uuid:export_id>/download/", exports.fetch_export, name="export_download"),
]
