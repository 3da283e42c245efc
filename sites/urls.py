from django.urls import path

from sites.views import service_imports, services

app_name = "sites"
urlpatterns = [
    path("services/", services.services, name="services"),
    path("services/new/", services.new, name="service-new"),
    path("services/export.<slug:kind>", services.export, name="services-export"),
    path("services/import/", service_imports.begin, name="services-import"),
    path("services/import/<int:pk>/", service_imports.one, name="service-import"),
    path(
        "services/import/<int:pk>/mistakes.<slug:kind>",
        service_imports.wrong_rows,
        name="service-import-wrong",
    ),
    path("services/<int:pk>/", services.service, name="service"),
    path("services/<int:pk>/edit/", services.edit, name="service-edit"),
    path("services/<int:pk>/check/", services.check, name="service-check"),
]
