"""Lists page by page without counting: the next page starts behind the last row shown, however far down that is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, QuerySet
from django.db.models.expressions import ColPairs, F
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
