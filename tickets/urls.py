from django.urls import path

from tickets.views import dispatches, drafts, tickets, unknown

app_name = "tickets"
urlpatterns = [
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/new/", drafts.new, name="draft-new"),
    path("drafts/<int:pk>/what/", drafts.what, name="draft-what"),
    path("drafts/<int:pk>/where/", drafts.where, name="draft-where"),
    path("drafts/<int:pk>/where/search/", drafts.search, name="draft-search"),
    path("drafts/<int:pk>/where/add/", drafts.add_location, name="draft-add"),
    path("drafts/<int:pk>/where/<int:index>/copy/", drafts.copy_location, name="draft-copy"),
    path("drafts/<int:pk>/where/<int:index>/remove/", drafts.remove_location, name="draft-remove"),
    path("drafts/<int:pk>/when/", drafts.when, name="draft-when"),
    path("drafts/<int:pk>/files/", drafts.files, name="draft-files"),
    path("drafts/<int:pk>/files/add/", drafts.add_files, name="draft-add-files"),
    path("drafts/<int:pk>/files/<int:file_pk>/remove/", drafts.remove_file, name="draft-remove-file"),
    path("drafts/<int:pk>/review/", drafts.review, name="draft-review"),
    path("drafts/<int:pk>/estimates/", drafts.estimates, name="draft-estimates"),
    path("drafts/<int:pk>/save/<slug:step>/", drafts.save, name="draft-save"),
    path("drafts/<int:pk>/submit/", drafts.submit, name="draft-submit"),
    path("drafts/<int:pk>/discard/", drafts.discard, name="draft-discard"),
    path("dispatches/", dispatches.dispatches, name="dispatches"),
    path("dispatches/<int:pk>/", dispatches.dispatch, name="dispatch"),
    path("dispatches/<int:pk>/status/", dispatches.status, name="dispatch-status"),
    path("dispatches/<int:pk>/correct/", dispatches.correct, name="dispatch-correct"),
    path("dispatches/<int:pk>/messages/<int:message_pk>/", dispatches.message, name="message"),
    path(
        "dispatches/<int:pk>/messages/<int:message_pk>/cancel/",
        dispatches.cancel_message,
        name="message-cancel",
    ),
    path("tickets/", tickets.tickets, name="tickets"),
    path("tickets/<int:pk>/", tickets.ticket, name="ticket"),
    path("tickets/<int:pk>/status/", tickets.status, name="ticket-status"),
    path("tickets/<int:pk>/refresh/", tickets.refresh, name="ticket-refresh"),
    path("unknown/", unknown.unknown, name="unknown"),
]
