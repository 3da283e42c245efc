"""A worker that takes from one account's budget whatever it can get, and prints when it got it.

Run as `python -m tests.portal.budget_taker ACCOUNT SECONDS`, a process of its own: forking a test process, which has
threads of its own, ends in a deadlock now and then.
"""

import sys
import time

import django

if __name__ == "__main__":
    django.setup()
    from portal import ratelimit
    from portal.models import VendorAccount

    account = VendorAccount.objects.get(pk=sys.argv[1])
    ends = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < ends:
        if wait := ratelimit.take(account, ratelimit.Purpose.CREATE):
            time.sleep(min(wait, 0.05))
        else:
            print(time.monotonic(), flush=True)
