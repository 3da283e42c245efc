"""What the database itself refuses, whoever asks: the application, a script, a person with psql.

The states and who may change them are those of `portal.outbox`; a worker shows that it holds the lease by
`portal.lease`, a setting of its own transaction.
"""

from django.db import migrations

GUARD_MESSAGES = """
CREATE FUNCTION portal_guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_holder boolean := OLD.lease_token IS NOT NULL
        AND coalesce(current_setting('portal.lease', true), '') = OLD.lease_token::text;
    is_allowed boolean;
BEGIN
    IF (NEW.account_id, NEW.kind, NEW.reference, NEW.chunk, NEW.payload, NEW.payload_hash, NEW.weight,
        NEW.created_by_id, NEW.created_at)
        IS DISTINCT FROM
       (OLD.account_id, OLD.kind, OLD.reference, OLD.chunk, OLD.payload, OLD.payload_hash, OLD.weight,
        OLD.created_by_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'message % is frozen: what was promised cannot be changed', OLD.reference
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = OLD.state THEN
        IF OLD.state IN ('claimed', 'sending', 'unknown') AND NEW.lease_token IS DISTINCT FROM OLD.lease_token THEN
            RAISE EXCEPTION 'message %: its lease cannot be handed on', OLD.reference
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    is_allowed := CASE OLD.state
        WHEN 'queued' THEN NEW.state IN ('claimed', 'held', 'cancelled')
        WHEN 'held' THEN NEW.state IN ('queued', 'cancelled')
        WHEN 'claimed' THEN NEW.state IN ('queued', 'held')
            OR (NEW.state = 'sending' AND NEW.lease_token = OLD.lease_token
                AND OLD.lease_until > clock_timestamp())
        WHEN 'sending' THEN
            (is_holder AND NEW.state IN ('done', 'rejected', 'queued', 'held', 'unknown'))
            OR (NEW.state = 'unknown' AND OLD.send_deadline_at < clock_timestamp())
        -- A late answer may improve what we know. Nothing ever leads from unknown back into the queue.
        WHEN 'unknown' THEN is_holder AND NEW.state IN ('done', 'rejected')
        ELSE false
    END;
    IF is_allowed IS NOT TRUE THEN
        RAISE EXCEPTION 'message %: % -> % is not allowed', OLD.reference, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER portal_guard_message BEFORE UPDATE ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_guard_message();

CREATE FUNCTION portal_guard_new_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state NOT IN ('queued', 'held') OR NEW.lease_token IS NOT NULL THEN
        RAISE EXCEPTION 'message % must begin queued or held', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER portal_guard_new_message BEFORE INSERT ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_guard_new_message();

CREATE FUNCTION portal_log_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO portal_messagetransition (message_id, before, after, at, detail)
        VALUES (NEW.id, '', NEW.state, clock_timestamp(), NEW.detail);
    ELSIF NEW.state IS DISTINCT FROM OLD.state THEN
        INSERT INTO portal_messagetransition (message_id, before, after, at, detail)
        VALUES (NEW.id, OLD.state, NEW.state, clock_timestamp(), NEW.detail);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER portal_log_transition AFTER INSERT OR UPDATE ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_log_transition();
"""

GUARD_HISTORY = """
CREATE FUNCTION portal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows of this table are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER portal_audit_forever BEFORE UPDATE OR DELETE ON portal_auditentry
    FOR EACH ROW EXECUTE FUNCTION portal_refuse();
CREATE TRIGGER portal_audit_no_truncate BEFORE TRUNCATE ON portal_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse();
CREATE TRIGGER portal_transitions_forever BEFORE UPDATE OR DELETE ON portal_messagetransition
    FOR EACH ROW EXECUTE FUNCTION portal_refuse();
CREATE TRIGGER portal_messages_stay BEFORE DELETE ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_refuse();
CREATE TRIGGER portal_attempts_stay BEFORE DELETE ON portal_attempt
    FOR EACH ROW EXECUTE FUNCTION portal_refuse();

-- An attempt is closed once, by whoever made it; what it says afterwards is evidence.
CREATE TRIGGER portal_closed_attempts_stay BEFORE UPDATE ON portal_attempt
    FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION portal_refuse();
"""

UNDO = """
DROP TRIGGER portal_guard_message ON portal_message;
DROP TRIGGER portal_guard_new_message ON portal_message;
DROP TRIGGER portal_log_transition ON portal_message;
DROP TRIGGER portal_messages_stay ON portal_message;
DROP TRIGGER portal_attempts_stay ON portal_attempt;
DROP TRIGGER portal_closed_attempts_stay ON portal_attempt;
DROP TRIGGER portal_audit_forever ON portal_auditentry;
DROP TRIGGER portal_audit_no_truncate ON portal_auditentry;
DROP TRIGGER portal_transitions_forever ON portal_messagetransition;
DROP FUNCTION portal_guard_message, portal_guard_new_message, portal_log_transition, portal_refuse;
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]
    operations = [migrations.RunSQL(GUARD_MESSAGES + GUARD_HISTORY, UNDO)]
