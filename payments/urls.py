"""Addresses of the payments app: where the provider reports."""

from django.urls import path

from payments.webhooks import stripe_thin_webhook, stripe_webhook

app_name = "payments"
urlpatterns = [
    path("stripe/", stripe_webhook, name="stripe-webhook"),
    path("stripe/thin/", stripe_thin_webhook, name="stripe-thin-webhook"),
]
