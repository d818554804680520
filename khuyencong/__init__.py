"""The wiring of the house: settings, addresses, the Celery app, local servers. No rules."""
