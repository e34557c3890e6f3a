"""Addresses of the sandbox's pages, where a real provider would host them."""

from django.urls import path

from payments import views

app_name = "sandbox"
urlpatterns = [
    path("checkout/<str:session_id>/", views.checkout, name="checkout"),
    path("identity/<str:session_id>/", views.identity, name="identity"),
    path("onboarding/<str:account_id>/", views.onboarding, name="onboarding"),
]
