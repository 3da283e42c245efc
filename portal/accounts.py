"""Our keys to the vendors: clients made from a row, and the token that all workers share."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from portal import arming, encryption, ratelimit
from portal.models import VendorAccount, VendorToken
from portal.models.accounts import Operation, Vendor
from portal.problems import Problem
from portal.vendors.errors import Forbidden, NotExecuted, NotFound, NotSent, ReadFailed, VendorError
from portal.vendors.granite.client import GraniteClient
from portal.vendors.gtt.client import GttClient
from portal.vendors.http import VendorHttp
from portal.vendors.oauth import Token, TokenInHand, Tokens, TokenSource

READ_DEADLINE_SECONDS = 20
NO_SUCH_CASE = "CS0000000"
"""Read only to see whether GTT answers; that it is not there is an answer."""


class DatabaseTokenStore:
    """The shared token of one account; see `portal.vendors.oauth.TokenStore`."""

    def __init__(self, account: VendorAccount) -> None:
        self.account = account

    def _row(self) -> VendorToken:
        return VendorToken.objects.get_or_create(account=self.account)[0]

    def load(self) -> Token | None:
        usable = VendorToken.objects.filter(account=self.account).exclude(encrypted_value="")
        left = ExpressionWrapper(F("expires_at") - Now(), output_field=DurationField())
        row = usable.exclude(expires_at=None).exclude(obtained_at=None).annotate(left=left).first()
        if row is None or row.expires_at is None or row.obtained_at is None:
            return None
        # How long it still lives is the database's word: the workers' clocks may differ by more than a token's life.
        expires_at = datetime.now(UTC) + row.left
        lifetime = (row.expires_at - row.obtained_at).total_seconds()
        return Token(encryption.decrypt(row.encrypted_value), row.version, expires_at, lifetime)

    def claim_renewal(self, seconds: float) -> bool:
        self._row()
        free = Q(renewing_until=None) | Q(renewing_until__lt=Now())
        return bool(
            VendorToken.objects.filter(free, account=self.account).update(
                renewing_until=Now() + timedelta(seconds=seconds)
            )
        )

    def save(self, value: str, lifetime_seconds: float) -> Token:
        lifetime = timedelta(seconds=lifetime_seconds)
        VendorToken.objects.filter(account=self.account).update(
            encrypted_value=encryption.encrypt(value),
            version=F("version") + 1,
            obtained_at=Now(),
            expires_at=Now() + lifetime,
            renewing_until=None,
        )
        return Token(value, self._row().version, datetime.now(UTC) + lifetime, lifetime_seconds)

    def release_renewal(self) -> None:
        VendorToken.objects.filter(account=self.account).update(renewing_until=None)

    def drop(self, version: int) -> None:
        VendorToken.objects.filter(account=self.account, version=version).update(
            encrypted_value="", expires_at=None
        )


def http_of(account: VendorAccount, *, is_begun: bool = False) -> VendorHttp:
    """`is_begun`: for a create, which was allowed when it was begun, and needs no database from then on."""
    return VendorHttp(
        account.api_url,
        vendor=account.get_vendor_display(),
        total_deadline=READ_DEADLINE_SECONDS,  # a create brings its own
        why_not=None if is_begun else arming.why_not,
    )


def token_source(account: VendorAccount) -> TokenSource:
    """Raises encryption.Undecipherable when the stored secret cannot be read."""
    store = DatabaseTokenStore(account)
    return TokenSource(
        http_of(account), account.token_url, account.client_id, account.secret, account.scope, store
    )


def drop_token(account: VendorAccount, version: int | None) -> None:
    """Forget the token the vendor refused; None forgets whatever is there."""
    store = DatabaseTokenStore(account)
    if version is None:
        VendorToken.objects.filter(account=account).update(encrypted_value="", expires_at=None)
    else:
        store.drop(version)


def heed_refusal(account: VendorAccount, refusal: NotExecuted) -> None:
    """What one refusal means for all that follow on this account."""
    if refusal.reason == "throttled":
        ratelimit.shrink(account, refusal.retry_after)
    if refusal.reason == "credential":
        drop_token(account, refusal.token_version)


def granite_client(account: VendorAccount, *, token: Token | None = None) -> GraniteClient:
    """With a `token`, no other is looked up or asked for: this is the client of a create."""
    tokens: Tokens = TokenInHand(token) if token else token_source(account)
    http = http_of(account, is_begun=token is not None)
    return GraniteClient(http, tokens, granted_tenant_macnum=account.granted_tenant_macnum)


def probe_granite(account: VendorAccount) -> str:
    """Whether Granite answers at all: "" if it does, be it with a refusal; otherwise a sentence on its silence."""
    try:
        granite_client(account).search_accounts("a", page_size=1)
    except (NotSent, ReadFailed, Forbidden) as error:
        status = error.exchange.status if error.exchange else None
        return error.message if status is None or status >= 500 else ""
    except (VendorError, encryption.Undecipherable):
        return ""
    return ""


def gtt_client(account: VendorAccount, *, token: Token | None = None) -> GttClient:
    """With a `token`, no other is looked up or asked for: this is the client of a write."""
    tokens: Tokens = TokenInHand(token) if token else token_source(account)
    http = http_of(account, is_begun=token is not None)
    return GttClient(
        http,
        tokens,
        namespace=account.namespace,
        zone=ZoneInfo(account.assumed_zone),
        own_names={account.client_id},
    )


def probe_gtt(account: VendorAccount) -> str:
    """Whether GTT answers at all, like `probe_granite`. Where no read is switched on, its token endpoint is asked."""
    try:
        if not read_from_gtt(account):
            drop_token(account, None)
            token_source(account).get()
    except (NotSent, ReadFailed, Forbidden) as error:
        status = error.exchange.status if error.exchange else None
        return error.message if status is None or status >= 500 else ""
    except (VendorError, encryption.Undecipherable):
        return ""
    return ""


def read_from_gtt(account: VendorAccount) -> bool:
    """One read that changes nothing; False where no read is switched on. Raises the errors of a read."""
    if account.may(Operation.LIST):
        gtt_client(account).list_cases()
        return True
    if account.may(Operation.GET):
        with suppress(NotFound):
            gtt_client(account).get_case(NO_SUCH_CASE)
        return True
    return False


def default_account(vendor: str = Vendor.GRANITE) -> VendorAccount:
    """The account new work goes to. Raises Problem when nobody has set one up."""
    account = VendorAccount.objects.filter(vendor=vendor).order_by("-is_default", "pk").first()
    if account is None:
        raise Problem(f"No {Vendor(vendor).label} account is set up yet. An administrator can add one.")
    return account
