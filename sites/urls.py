from django.urls import path

from sites.views import services

app_name = "sites"
urlpatterns = [
    path("services/", services.services, name="services"),
    path("services/new/", services.new, name="service-new"),
    path("services/export.<slug:kind>", services.export, name="services-export"),
    path("services/import/", services.services, name="services-import"),
    path("services/<int:pk>/", services.service, name="service"),
    path("services/<int:pk>/edit/", services.edit, name="service-edit"),
    path("services/<int:pk>/check/", services.check, name="service-check"),
]
