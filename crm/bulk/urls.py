"""The addresses of changes of many deals, and of batches."""

from django.urls import URLPattern, path

from crm.views.lists import batches, bulk

patterns: list[URLPattern] = [
    path("deals/bulk/export/", bulk.export, name="bulk_export"),
    # What the table's form does when Enter is pressed in it.
    path("deals/table/move/", bulk.change, {"what": "move"}, name="table_move"),
    path("deals/bulk/<slug:what>/", bulk.change, name="bulk"),
    path("batches/", batches.index, name="batches"),
    path("batches/<int:pk>/", batches.page, name="batch"),
    path("batches/<int:pk>/progress/", batches.progress, name="batch_progress"),
    path("batches/<int:pk>/xlsx/", batches.export, name="batch_xlsx"),
    path("batches/<int:pk>/stop/", batches.stop, name="batch_stop"),
    path("batches/<int:pk>/undo/", batches.undo, name="batch_undo"),
]
