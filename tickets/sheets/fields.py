"""What a column of a sheet can be, and the names people give to it."""

from dataclasses import dataclass

UNUSED = ""


@dataclass(frozen=True)
class Field:
    """`group` heads it in the list of choices; `is_needed` where no other place can say it."""

    name: str
    label: str
    group: str
    names: str = ""
    is_needed: bool = False


PLACE, TIME, CONTACT, SECOND, WORK = "Place", "Time at the site", "Local contact", "Second contact", "Work"

FIELDS = (
    Field(
        "location_name",
        "Location name",
        PLACE,
        "location; site; site name; store; store name; branch; branch name; office; office name; "
        "facility; facility name; building; place; property; property name; restaurant; shop; name; "
        "end site; end user site; customer site; location description; site description; customer "
        "name; company",
        is_needed=True,
    ),
    Field(
        "location_number",
        "Location number",
        PLACE,
        "store number; site number; branch number; location id; site id; store id; branch id; "
        "location code; site code; store code; branch code; number; id; unit number; restaurant "
        "number; shop number; office number; facility number; facility id; property number; unit; "
        "store; site; location",
    ),
    Field(
        "account_macnum",
        "Granite account",
        PLACE,
        "macnum; mac number; mac; account; account number; acct; granite account; granite account "
        "number; granite macnum; granite number; granite id; account macnum; child account; child "
        "macnum; child mac; location macnum; site macnum; parent account",
        is_needed=True,
    ),
    Field(
        "state",
        "State",
        PLACE,
        "state code; st; province; site state; store state; state abbreviation",
    ),
    Field(
        "zip",
        "ZIP code",
        PLACE,
        "zip; zipcode; postal code; postal; site zip; site zip code; store zip; store zip code; zip "
        "5; zip plus 4",
    ),
    Field(
        "time_zone",
        "Time zone",
        PLACE,
        "zone; timezone; site time zone; local time zone; store time zone; location time zone",
    ),
    Field(
        "start_date",
        "Start (date, or date and time)",
        TIME,
        "start date; date; start; day; visit date; dispatch date; scheduled date; schedule date; "
        "service date; appointment date; appointment; install date; installation date; requested "
        "date; request date; work date; onsite date; on site date; start date time; start datetime; "
        "start time date; from date; date from; eta date; eta; planned date; preferred date; "
        "scheduled for; scheduled start; begin; begin date; window start; start window; eta from; "
        "from; start at; due date; target date; scheduled; local start; start local; start date time "
        "local; date of visit; tech date; arrival date",
        is_needed=True,
    ),
    Field(
        "start_time",
        "Start time",
        TIME,
        "time; time from; from time; begin time; arrival time; arrival; eta time; eta from; from; "
        "start; window start; start window; scheduled time; appointment time; onsite time; on site "
        "time; dispatch time; visit time; eta; earliest; earliest time; earliest arrival; local start "
        "time; start at",
    ),
    Field(
        "end_date",
        "End (date, or date and time)",
        TIME,
        "end; finish; finish date; end datetime; end date time; to date; date to; until; window end; "
        "end window; scheduled end; eta to; to; end at; local end; end local; end date time local; "
        "until date",
    ),
    Field(
        "end_time",
        "End time",
        TIME,
        "to time; time to; finish time; until; window end; end window; eta to; to; end; latest; "
        "latest time; latest arrival; local end time; finish; end at; until time",
    ),
    Field(
        "window",
        "Window (such as 08:00–12:00)",
        TIME,
        "time window; arrival window; eta window; appointment window; service window; dispatch "
        "window; time slot; slot; hours; time range; window local; access window; start end; start "
        "end time; from to; time; eta; appointment time",
    ),
    Field(
        "hard_start",
        "Hard start (yes or no)",
        TIME,
        "hard start time; hs; exact start; exact time; is hard start; hard eta; fixed start; hard",
    ),
    Field(
        "local_contact_name",
        "Local contact",
        CONTACT,
        "local contact name; contact; contact name; site contact; site contact name; store contact; "
        "store contact name; onsite contact; onsite contact name; on site contact; on site contact "
        "name; location contact; location contact name; primary contact; primary contact name; store "
        "manager; site manager; manager; manager name; local contact 1; local contact 1 name; contact "
        "1; contact 1 name; primary local contact; primary local contact name; attn; attention; "
        "contact person; contact full name; local contact first and last name; branch manager; store "
        "manager name",
        is_needed=True,
    ),
    Field(
        "local_contact_number",
        "Local contact's phone",
        CONTACT,
        "local contact phone; local contact phone number; contact phone; contact phone number; "
        "contact number; phone; phone number; site phone; site phone number; site contact phone; site "
        "contact phone number; site contact number; store phone; store phone number; store contact "
        "phone; store contact number; onsite contact phone; onsite contact number; onsite contact "
        "phone number; on site contact phone; on site contact number; on site contact phone number; "
        "on site phone; onsite phone; location phone; location contact phone; location contact "
        "number; location contact phone number; primary phone; primary contact phone; primary contact "
        "number; primary contact phone number; manager phone; store manager phone; local contact 1 "
        "phone; local contact 1 number; contact 1 phone; contact 1 number; callback; callback number; "
        "call back number; local phone; primary local contact number; primary local contact phone; "
        "local phone number; contact",
        is_needed=True,
    ),
    Field(
        "location_contact_ext",
        "Local contact's extension",
        CONTACT,
        "extension; ext; phone extension; contact extension; local contact extension; site contact "
        "extension; contact phone extension; primary extension; local contact phone extension; x",
    ),
    Field(
        "location_contact_email",
        "Local contact's e-mail",
        CONTACT,
        "email; email address; contact email; contact email address; site email; site contact email; "
        "store email; local contact email; local contact email address; onsite contact email; on site "
        "contact email; location email; manager email; primary email; primary contact email; contact "
        "1 email; store contact email; location contact email address; site contact email address",
    ),
    Field(
        "secondary_lcon_name",
        "Second contact",
        SECOND,
        "secondary contact; secondary contact name; secondary local contact; secondary local contact "
        "name; alternate contact; alternate contact name; contact 2; contact 2 name; local contact 2; "
        "local contact 2 name; secondary site contact; secondary site contact name; secondary name; "
        "contact name; contact; local contact; local contact name",
    ),
    Field(
        "secondary_lcon_number",
        "Second contact's phone",
        SECOND,
        "secondary contact phone; secondary contact number; secondary contact phone number; secondary "
        "phone; secondary phone number; secondary local contact phone; secondary local contact "
        "number; contact 2 phone; contact 2 number; local contact 2 phone; local contact 2 number; "
        "secondary site contact phone; secondary site contact number; phone 2; secondary local "
        "contact phone number; phone; phone number; contact phone; local contact phone",
    ),
    Field(
        "secondary_lcon_ext",
        "Second contact's extension",
        SECOND,
        "secondary contact extension; secondary extension; secondary local contact extension; contact "
        "2 extension; local contact 2 extension; extension",
    ),
    Field(
        "secondary_lcon_email",
        "Second contact's e-mail",
        SECOND,
        "secondary contact email; secondary email; secondary local contact email; contact 2 email; "
        "local contact 2 email; secondary contact email address; email 2; email; email address",
    ),
    Field(
        "service_type",
        "Kind of work",
        WORK,
        "service type; type of service; service; work type; type of work; dispatch type; ticket type; "
        "job type; type; request type; service requested; category; activity type",
    ),
    Field(
        "initial_description",
        "Description",
        WORK,
        "sow; scope; scope of work; work description; description of work; issue; issue description; "
        "problem; problem description; trouble; trouble description; details; work details; summary; "
        "job description; task; tasks; work requested; reason; reason for dispatch; work order "
        "description; work to be done",
    ),
    Field(
        "special_instructions",
        "Special instructions",
        WORK,
        "instructions; special instruction; notes; note; comments; comment; remarks; access notes; "
        "access instructions; access; tech notes; technician notes; site notes; additional notes; "
        "additional instructions; tech instructions; dispatch notes; site instructions",
    ),
    Field(
        "non_standard_tools",
        "Tools beyond the standard kit",
        WORK,
        "tools; special tools; non standard tools; tools needed; tools required; tool list; equipment needed",
    ),
    Field(
        "po_number",
        "PO number",
        WORK,
        "po; purchase order; purchase order number; po ref; customer po; po reference; customer po number",
    ),
    Field(
        "customer_ticket_number",
        "Our own ticket number",
        WORK,
        "customer ticket number; customer ticket; customer reference; customer ref; our reference; "
        "our ref; our ticket; our ticket number; reference; reference number; ref; ref number; "
        "ticket; ticket number; work order; work order number; wo; wo number; incident; incident "
        "number; internal ticket; internal ticket number; case number; order number; external "
        "reference; external ticket number; job number",
    ),
    Field(
        "prior_ticket",
        "Earlier Granite ticket",
        WORK,
        "prior ticket number; previous ticket; previous ticket number; related ticket; parent ticket; "
        "granite ticket; granite ticket number; earlier ticket; original ticket; original ticket "
        "number",
    ),
    Field(
        "contact_name",
        "Contact for Granite",
        WORK,
        "requester; requestor; requested by; requester name; ticket contact; ticket contact name; "
        "dispatcher; project manager; pm; pm name; coordinator; submitted by; contact name; project "
        "contact",
    ),
    Field(
        "contact_email_address",
        "Contact's e-mail for Granite",
        WORK,
        "requester email; requestor email; ticket contact email; pm email; project manager email; "
        "coordinator email; dispatcher email; contact email address; ticket contact email address; "
        "requester email address",
    ),
    Field(
        "files",
        "Files (names, separated by ;)",
        WORK,
        "file; attachments; attachment; documents; file name; file names; drawings",
    ),
)
BY_NAME = {field.name: field for field in FIELDS}
GROUPS = (PLACE, TIME, CONTACT, SECOND, WORK)
NEEDED = tuple(field.name for field in FIELDS if field.is_needed)
