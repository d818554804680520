from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("dang-nhap/", views.SignIn.as_view(), name="sign_in"),
    path("mat-khau/", views.OwnPassword.as_view(), name="own_password"),
    path("dang-xuat/", views.SignOut.as_view(), name="sign_out"),
]
