"""The addresses of the CRM's pages, by section."""

from django.urls import URLPattern, path

from crm.views import accounts, board, moves, search, table, tasks

app_name = "crm"
urlpatterns: list[URLPattern] = [
    path("", board.home, name="home"),
    # Signing in and out
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.ChangePassword.as_view(), name="password_change"),
    path("password/forgotten/", accounts.forgotten, name="password_reset"),
    path("password/<uidb64>/<token>/", accounts.NewPassword.as_view(), name="password_reset_confirm"),
    path("language/", accounts.language, name="language"),
    # The board, the table, and moving from them
    path("deals/", board.page, name="board"),
    path("deals/column/", board.column, name="board_column"),
    path("deals/table/", table.page, name="table"),
    path("deals/table/move/", table.move_many, name="table_move"),
    path("deals/<int:pk>/move/", moves.move, name="deal_move"),
    path("deals/<int:pk>/move/form/", moves.form, name="deal_move_form"),
    # Tasks and search
    path("tasks/", tasks.page, name="tasks"),
    path("search/", search.page, name="search"),
    # --- The deal's card, new deals, task dialogs and letters: pages B ---
    # --- end of pages B ---
]
