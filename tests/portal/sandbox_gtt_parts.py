"""A case as the sandbox's GTT takes it, and the calls that bring it there, with nothing of the portal between."""

import requests

NAMESPACE = "142033"
ROOT = f"/apis/v1alpha/namespaces/{NAMESPACE}/case"
HOOKS = f"/apis/v1/namespaces/{NAMESPACE}/webhook"
BASIC = ("sandbox-client", "sandbox-secret")
GRANT = {"grant_type": "client_credentials"}


def take_token(box, **changes):
    url = box.url + box.gtt.token_path
    return requests.post(url, data=GRANT | changes, auth=BASIC, timeout=5).json()["access_token"]


def envelope(spec=(), **changes):
    whole = {
        "kind": "case",
        "version": "v1alpha",
        "namespace": NAMESPACE,
        "spec": {
            "short_description": "Store 0001 has no connection",
            "description": "Both tunnels are down. [ref CSE-000001-1]",
            "case_type": "Incident",
            "priority": "1 - Critical",
            "category": "Secure Network",
            "subcategory": "Service Down",
            **dict(spec),
        },
        **changes,
    }
    whole = {key: value for key, value in whole.items() if value is not ...}
    if isinstance(whole.get("spec"), dict):
        whole["spec"] = {key: value for key, value in whole["spec"].items() if value is not ...}
    return whole


def call(box, bearer, method, path, body=None, **query):
    options = {"timeout": 5, "allow_redirects": False}
    return requests.request(method, box.url + path, headers=bearer, json=body, params=query, **options)


def create(box, bearer, spec=(), **changes):
    return call(box, bearer, "POST", ROOT, envelope(spec, **changes))


def read(box, bearer, name):
    return call(box, bearer, "GET", f"{ROOT}/{name}").json()


def fields_refused(answer):
    return [row["field"] for row in answer.json()["error"]["details"]]
