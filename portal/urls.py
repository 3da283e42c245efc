from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path

from portal.views import deliveries, files, health, hooks, integration, outbound, people
from tickets.views import home

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", people.login, name="login"),
    path("logout/", people.logout, name="logout"),
    path("password/", people.password, name="password"),
    path("outbound/", outbound.overview, name="outbound"),
    path("outbound/allow/", outbound.allow, name="outbound-allow"),
    path("outbound/stop/", outbound.stop, name="outbound-stop"),
    path("outbound/sent/<int:pk>/looked/", outbound.looked, name="outbound-looked"),
    path("outbound/sent/<int:pk>/again/", outbound.send_again, name="outbound-again"),
    path("files/<uuid:key>/", files.download, name="file"),
    re_path(r"^hooks/gtt/(?P<token>[^/]{1,200})/?$", hooks.gtt, name="gtt-hook"),
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/", deliveries.delivery, name="delivery"),
    path("deliveries/<int:pk>/again/", deliveries.again, name="delivery-again"),
    path("integration/", integration.page, name="integration"),
    path("integration/accounts/<int:pk>/", integration.act_on_account, name="integration-account"),
    path("integration/messages/<int:pk>/", integration.act_on_message, name="integration-message"),
    path("healthz", login_not_required(health.healthz), name="healthz"),
    path("admin/", admin.site.urls),
    path("", include("sites.urls")),
    path("", include("tickets.urls")),
]
handler400 = "portal.views.errors.bad_request"
handler500 = "portal.views.errors.server_error"
