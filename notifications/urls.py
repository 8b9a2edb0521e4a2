from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("hooks/receipts/<slug:channel>/", views.receipt, name="receipt"),
]
