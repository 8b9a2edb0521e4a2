"""The addresses of the licences' pages."""

from django.urls import URLPattern, path

from licenses import views

app_name = "licenses"
urlpatterns: list[URLPattern] = [
    path("licences/", views.calendar, name="calendar"),
    path("deals/<int:pk>/licence/expiry/", views.expiry, name="expiry"),
    path("deals/<int:pk>/licence/enter/", views.enter, name="enter"),
    path("deals/<int:pk>/licence/budget/", views.budget, name="budget"),
    path("deals/<int:pk>/licence/account/", views.account, name="account"),
    path("deals/<int:pk>/licence/payment/", views.payment, name="payment"),
    path("deals/<int:pk>/licence/renewal/", views.renewal, name="renewal"),
]
