from tickets.models.dispatches import Dispatch, EarlierSending, Location
from tickets.models.drafts import Draft, DraftFile
from tickets.models.duplicates import PossibleDuplicate
from tickets.models.reminders import Mailing, Reminder
from tickets.models.tickets import Ticket, TicketChange

__all__ = [
    "Dispatch",
    "Draft",
    "DraftFile",
    "EarlierSending",
    "Location",
    "Mailing",
    "PossibleDuplicate",
    "Reminder",
    "Ticket",
    "TicketChange",
]
