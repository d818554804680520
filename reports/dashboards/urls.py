from django.urls import path

from reports.dashboards import views

app_name = "dashboards"

urlpatterns = [
    path("", views.program_list, name="program_list"),
    path("<slug:code>/", views.program_page, name="program_page"),
    path("<slug:code>/<str:period_key>/vi-sao/<int:indicator>/", views.why, name="why"),
    path("<slug:code>/<str:period_key>/", views.program_page, name="program_period"),
]
