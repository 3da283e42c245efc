"""An order as the sandbox's Granite takes it, and the calls that bring it there, with nothing of the portal between."""

import json

import requests
from urllib3.filepost import encode_multipart_formdata

from portal.vendors.sandbox.granite.accounts import ACCOUNTS

BOSTON, LOWELL = ACCOUNTS[0], ACCOUNTS[1]
CREATE = "/api/v1/tickets/external"
BASIC = ("sandbox-client", "sandbox-secret")
GRANT = {"grant_type": "client_credentials", "scope": "urn:grt:techexpress"}
MIB = 1024 * 1024


def take_token(box, **changes):
    return requests.post(box.token_url, data=GRANT | changes, auth=BASIC, timeout=5).json()["access_token"]


def location(account=BOSTON, **changes):
    row = {
        "location_name": account.site_name,
        "location_number": account.store_number,
        "local_contact_name": account.contact,
        "local_contact_number": int(account.contact_phone),
        "account_macnum": account.macnum,
        "start_date": "2026-02-03T09:00:00",
        "end_date": "2026-02-03T12:00:00",
    }
    return {key: value for key, value in (row | changes).items() if value is not ...}


def form(*locations, **changes):
    parts = {
        "contact_name": "Jane Roe",
        "initial_description": "Replace the failed router",
        "automatic_email_contact": "true",
        "contact_email_address": "jane.roe@example.com",
        "automatic_email_cc": "false",
        "service_type": "Smart Hands",
        "locations": json.dumps(list(locations) or [location()]),
    }
    return {key: value for key, value in (parts | changes).items() if value is not ...}


def create(box, bearer, parts=None, files=(), path=CREATE, **options):
    fields = [*(parts or form()).items(), *(("file", file) for file in files)]
    body, content_type = encode_multipart_formdata(fields, boundary="the-boundary")
    headers = bearer | {"Content-Type": content_type, "X-Correlation-ID": "corr-1"}
    options = {"timeout": 5, "allow_redirects": False} | options
    return requests.post(box.url + path, data=body, headers=headers, **options)


def get(box, bearer, path, **query):
    return requests.get(box.url + path, params=query, headers=bearer, timeout=5)


def places(answer):
    return [tuple(problem["loc"]) for problem in answer.json()["detail"]]
