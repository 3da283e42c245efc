from tickets.models.cases import Case, CaseChange, CaseChoice, CaseComment, CaseEdit
from tickets.models.dispatches import Dispatch, EarlierSending, Location
from tickets.models.drafts import Draft, DraftFile
from tickets.models.duplicates import PossibleDuplicate
from tickets.models.incidents import Incident, ToldTicket
from tickets.models.recurrences import Occurrence, Recurrence
from tickets.models.reminders import Mailing, Reminder
from tickets.models.row_changes import RowChange
from tickets.models.sheets import ColumnMapping, Sheet
from tickets.models.templates import DispatchTemplate
from tickets.models.tickets import Ticket, TicketChange

__all__ = [
    "Case",
    "CaseChange",
    "CaseChoice",
    "CaseComment",
    "CaseEdit",
    "ColumnMapping",
    "Dispatch",
    "DispatchTemplate",
    "Draft",
    "DraftFile",
    "EarlierSending",
    "Incident",
    "Location",
    "Mailing",
    "Occurrence",
    "PossibleDuplicate",
    "Recurrence",
    "Reminder",
    "RowChange",
    "Sheet",
    "Ticket",
    "TicketChange",
    "ToldTicket",
]
