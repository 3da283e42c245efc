"""What people do to a vendor account: rotate its secret, pause and resume it, test it. All of it audited."""

from django.db import transaction
from django.db.models.functions import Now

from portal import accounts, audit, breaker, encryption, outbox
from portal.models import Message, User, VendorAccount, VendorToken
from portal.models.accounts import Vendor
from portal.models.messages import HeldReason, State
from portal.problems import Problem
from portal.vendors.errors import VendorError

MENDED_BY_A_SECRET = [HeldReason.CREDENTIAL, HeldReason.SECRET]


@transaction.atomic
def rotate_secret(account: VendorAccount, secret: str, *, by: User | None) -> None:
    """Put a new secret in place; the old token goes, and messages held for the credential go on."""
    if not secret.strip():
        raise Problem("The new secret is empty.")
    VendorAccount.objects.filter(pk=account.pk).update(
        encrypted_secret=encryption.encrypt(secret.strip()), secret_changed_at=Now()
    )
    account.refresh_from_db()
    VendorToken.objects.filter(account=account).update(encrypted_value="", expires_at=None)
    audit.record(by, "account.secret_rotated", account, ends_with=account.secret_hint)
    held = Message.objects.filter(account=account, state=State.HELD, held_reason__in=MENDED_BY_A_SECRET)
    outbox.release(held, by=by, reason="new secret")


@transaction.atomic
def pause(account: VendorAccount, reason: str, *, by: User) -> None:
    """Stop all sending on this account: what is queued waits, what is under way finishes."""
    if not reason.strip():
        raise Problem("Say why, so that the others know.")
    VendorAccount.objects.filter(pk=account.pk).update(paused_at=Now(), paused_reason=reason.strip()[:300])
    account.refresh_from_db()
    audit.record(by, "account.paused", account, reason=reason.strip())


@transaction.atomic
def resume(account: VendorAccount, *, by: User, reason: str) -> None:
    if not reason.strip():
        raise Problem("Say why it may go on.")
    VendorAccount.objects.filter(pk=account.pk).update(paused_at=None, paused_reason="")
    account.refresh_from_db()
    audit.record(by, "account.resumed", account, reason=reason.strip())
    breaker.order_trial(account, by=by, reason=reason.strip())
    outbox.nudge()


def check_connection(account: VendorAccount) -> str:
    """Ask for a fresh token, and of GTT one read where that is switched on.

    Returns a sentence for the admin; raises Problem with the reason when it fails.
    """
    accounts.drop_token(account, None)
    try:
        token = accounts.token_source(account).get()
        read = accounts.read_from_gtt(account) if account.vendor == Vendor.GTT else False
    except encryption.Undecipherable as error:
        raise Problem("The stored secret cannot be read with the present FIELD_ENCRYPTION_KEY.") from error
    except VendorError as error:
        raise Problem(error.message) from error
    also = f" Its namespace {account.namespace} can be read." if read else ""
    minutes = f"{token.seconds_left() / 60:.0f} minutes"
    return f"{account} answers: the credentials are good, the token lives {minutes}.{also}"
