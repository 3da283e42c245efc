# Celery's tasks are bound to our app as soon as anything of the portal is imported.
from portal.celery import app as celery_app

__all__ = ["celery_app"]
