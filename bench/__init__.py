"""Benchmarks: `./kc bench NAME` runs bench/NAME on servers of its own."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khuyencong.settings")
django.setup()  # before any module here imports a model
