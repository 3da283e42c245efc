from tickets.models.dispatches import Dispatch, Location
from tickets.models.drafts import Draft, DraftFile
from tickets.models.tickets import Ticket, TicketChange

__all__ = ["Dispatch", "Draft", "DraftFile", "Location", "Ticket", "TicketChange"]
