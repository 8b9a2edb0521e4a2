"""The addresses of the CRM's pages, by section."""

from django.urls import URLPattern, path

from crm.analytics import urls as analytics_urls
from crm.bulk import urls as bulk_urls
from crm.clients import urls as client_urls
from crm.day import urls as day_urls
from crm.desktop import urls as desktop_urls
from crm.filters import urls as filter_urls
from crm.goals import urls as goal_urls
from crm.lists import urls as list_urls
from crm.live import urls as live_urls
from crm.notices import urls as notice_urls
from crm.planning import urls as planning_urls
from crm.profile import urls as profile_urls
from crm.views import search
from crm.views.cards import (
    card,
    card_actions,
    contacts,
    deliveries,
    feed,
    files,
    letters,
    messages,
    money,
    names,
)
from crm.views.deals import board, deal_new, moves, table
from crm.views.hooks import hooks, hooks_payments
from crm.views.person import accounts
from crm.views.registers import control, overrides, regulation, violations
from crm.views.tasks import task_dialogs

app_name = "crm"
urlpatterns: list[URLPattern] = [
    *bulk_urls.patterns,
    *client_urls.patterns,
    *analytics_urls.patterns,
    *planning_urls.patterns,
    *list_urls.patterns,
    *live_urls.patterns,
    *notice_urls.patterns,
    *profile_urls.patterns,
    *day_urls.patterns,
    *desktop_urls.patterns,
    *goal_urls.patterns,
    *filter_urls.patterns,
    path("", board.home, name="home"),
    # Signing in and out
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.ChangePassword.as_view(), name="password_change"),
    path("password/forgotten/", accounts.forgotten, name="password_reset"),
    path(
        "password/<uidb64>/<token>/", accounts.NewPassword.as_view(), name="password_reset_confirm"
    ),
    path("language/", accounts.language, name="language"),
    # The board, the table, and moving from them
    path("deals/", board.page, name="board"),
    path("deals/column/", board.column, name="board_column"),
    path("deals/table/", table.page, name="table"),
    path("deals/<int:pk>/move/", moves.move, name="deal_move"),
    path("deals/<int:pk>/move/form/", moves.form, name="deal_move_form"),
    path("moves/<int:pk>/undo/", moves.undo, name="move_undo"),
    # A deal's card
    path("deals/new/", deal_new.deal_new, name="deal_new"),
    path("deals/<int:pk>/", card.deal, name="deal"),
    path("deals/<int:pk>/field/", card.field, name="deal_field"),
    path("deals/<int:pk>/owner/", card.owner, name="deal_owner"),
    path("deals/<int:pk>/tags/", card.tags, name="deal_tags"),
    path("deals/<int:pk>/archive/", card.archive, name="deal_archive"),
    path("deals/<int:pk>/why/", card.why, name="deal_why"),
    path("deals/<int:pk>/<slug:kind>/attach/", contacts.attach, name="deal_attach"),
    path("deals/<int:pk>/action/<slug:code>/", card_actions.action, name="deal_action"),
    path("offers/<int:pk>/take/", card.take, name="offer_take"),
    path("deals/<int:pk>/names/<slug:record>/", names.take, name="name_take"),
    # Its feed, and what is written from it
    path("deals/<int:pk>/feed/", feed.feed, name="deal_feed"),
    path("deals/<int:pk>/people/", feed.people, name="deal_people"),
    path("deals/<int:pk>/note/", feed.note, name="deal_note"),
    path("deals/<int:pk>/pin/", feed.pin, name="deal_pin"),
    path("deals/<int:pk>/contacted/", feed.contacted, name="deal_contacted"),
    path("deals/<int:pk>/letter/", letters.compose, name="deal_letter"),
    path("deals/<int:pk>/message/", messages.compose, name="deal_message"),
    path("letters/<int:pk>/", letters.letter, name="letter"),
    path("letters/<int:pk>/retry/", letters.retry, name="letter_retry"),
    path("letters/<int:pk>/files/<int:number>/", files.letter_file, name="letter_file"),
    # Its tasks
    path("deals/<int:pk>/task/", task_dialogs.new, name="task_new"),
    path("tasks/<int:pk>/", task_dialogs.show, name="task"),
    path("tasks/<int:pk>/outcome/<slug:code>/", task_dialogs.outcome, name="task_dialog"),
    path("tasks/<int:pk>/done/", task_dialogs.finish, name="task_finish"),
    path("tasks/<int:pk>/postpone/", task_dialogs.postpone, name="task_postpone"),
    path("tasks/<int:pk>/edit/", task_dialogs.edit, name="task_edit"),
    path("tasks/<int:pk>/cancel/", task_dialogs.cancel, name="task_cancel"),
    # Its money and deliveries
    path("deals/<int:pk>/invoice/", money.invoice_new, name="invoice_new"),
    path("invoices/<int:pk>/edit/", money.invoice_edit, name="invoice_edit"),
    path("invoices/<int:pk>/send/", money.invoice_send, name="invoice_send"),
    path("invoices/<int:pk>/cancel/", money.invoice_cancel, name="invoice_cancel"),
    path("deals/<int:pk>/payment/", money.payment_new, name="payment_new"),
    path("deals/<int:pk>/delivery/", deliveries.new, name="delivery_new"),
    path("deliveries/<int:pk>/accept/", deliveries.accept, name="delivery_accept"),
    path("deliveries/<int:pk>/cancel/", deliveries.cancel, name="delivery_cancel"),
    # Files
    path("deals/<int:pk>/files/", files.add, name="file_add"),
    path("files/<int:pk>/", files.file, name="file"),
    path("files/<int:pk>/preview/", files.preview, name="file_preview"),
    path("files/<int:pk>/remove/", files.remove, name="file_remove"),
    # Clients, looked for and changed from any card
    path("contacts/<int:pk>/edit/", contacts.edit_contact, name="contact_edit"),
    path("companies/<int:pk>/edit/", contacts.edit_company, name="company_edit"),
    path("found/<slug:kind>/", contacts.found, name="people_found"),
    path("names/<slug:record>/", names.hints, name="name_hints"),
    path("search/", search.page, name="search"),
    # The regulation, what was broken of it, what was passed with a reason, and the control of closings
    path("regulation/", regulation.index, name="regulations"),
    path("regulation/<slug:playbook>/", regulation.page, name="regulation"),
    path("regulation/<slug:playbook>/read/", regulation.read, name="regulation_read"),
    path(
        "regulation/<slug:playbook>/<str:code>/<slug:kind>/", regulation.log, name="regulation_log"
    ),
    path("violations/", violations.page, name="violations"),
    path("violations/xlsx/", violations.export, name="violations_xlsx"),
    path("violations/<int:pk>/explain/", violations.explain, name="violation_explain"),
    path("violations/<int:pk>/excuse/", violations.excuse, name="violation_excuse"),
    path("overrides/", overrides.page, name="overrides"),
    path("overrides/xlsx/", overrides.export, name="overrides_xlsx"),
    path("control/", control.page, name="control"),
    path("control/choose/", control.choose, name="control_choose"),
    # What other machines post
    path("hooks/calls/<slug:source>/", hooks.calls, name="hook_calls"),
    path("hooks/forms/<slug:source>/", hooks.forms, name="hook_forms"),
    path("hooks/messages/<slug:source>/", hooks.messages, name="hook_messages"),
    path("hooks/payments/", hooks_payments.receive, name="hook_payments"),
]
