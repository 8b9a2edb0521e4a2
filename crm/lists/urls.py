"""The addresses of «Lists»: own lists and their items, imports and exports."""

from django.urls import URLPattern, path

from crm.views.cards import files
from crm.views.lists import archive, columns, exports, imports, list_items, lists

patterns: list[URLPattern] = [
    path("lists/", lists.index, name="lists"),
    path("lists/own/<slug:code>/", lists.own, name="own_list"),
    path("lists/own/<slug:code>/new/", list_items.new, name="item_new"),
    path("lists/items/<int:pk>/", list_items.page, name="item"),
    path("lists/items/<int:pk>/field/", list_items.field, name="item_field"),
    path("lists/items/<int:pk>/feed/", list_items.feed, name="item_feed"),
    path("lists/items/<int:pk>/owner/", list_items.owner, name="item_owner"),
    path("lists/items/<int:pk>/note/", list_items.note, name="item_note"),
    path("lists/items/<int:pk>/files/", files.add_to_item, name="item_file_add"),
    path("lists/items/<int:pk>/archive/", list_items.take_off, name="item_archive"),
    path("lists/items/<int:pk>/restore/", archive.restore_item, name="item_restore"),
    path("lists/<slug:code>/give/", lists.reassign, name="list_reassign"),
    path("export/", exports.index, name="exports"),
    path("export/<int:pk>/", exports.file, name="export_file"),
    path("export/<slug:kind>/", exports.export, name="export"),
    path("import/", imports.index, name="imports"),
    path("import/new/", imports.new, name="import_new"),
    path("import/<int:pk>/", imports.page, name="import"),
    path("import/<int:pk>/progress/", imports.check_progress, name="import_progress"),
    path("import/<int:pk>/report/", imports.rows_report, name="import_report"),
    # The columns of any table
    path("columns/<slug:kind>/<str:scope>/", columns.choose, name="columns"),
]
