"""Addresses of the whole site; each face names its own below."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("staff/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("api.urls")),
    path("hooks/", include("payments.urls")),
    path("sandbox/", include("payments.hosted_urls")),
    path("", include("web.urls")),
]
