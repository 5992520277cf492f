"""The record: events, who took part, where, and the words of the sources they rest on.

Query it in words that chain: `Event.objects.published().matching(filters).for_timeline()`.
"""

from sahel.models.alerts import Asking, Subscription
from sahel.models.codes import AuthenticatorApp, RecoveryCode
from sahel.models.estimates import Estimate, spreads
from sahel.models.events import Event, Involvement
from sahel.models.evidence import GROUNDS, Quotation, Reference, Ungrounded, verify
from sahel.models.history import Change, Signature, Unrecorded, changes, record_changes
from sahel.models.imports import ImportBatch, ImportedRow
from sahel.models.merges import Merge
from sahel.models.names import Actor, Place
from sahel.models.openings import Opening
from sahel.models.passkeys import Passkey
from sahel.models.record import ChangedDay, FormerSlug, Loading, Record, State, snapshot
from sahel.models.refusals import Refusal
from sahel.models.selection import EventQuerySet
from sahel.models.sources import LinkCheck, Source, SourceText, source_label
from sahel.models.views import SavedView
from sahel.models.workflow import WAYS, Step

__all__ = [
    "GROUNDS",
    "WAYS",
    "Actor",
    "Asking",
    "AuthenticatorApp",
    "Change",
    "ChangedDay",
    "Estimate",
    "Event",
    "EventQuerySet",
    "FormerSlug",
    "ImportBatch",
    "ImportedRow",
    "Involvement",
    "LinkCheck",
    "Loading",
    "Merge",
    "Opening",
    "Passkey",
    "Place",
    "Quotation",
    "Record",
    "RecoveryCode",
    "Reference",
    "Refusal",
    "SavedView",
    "Signature",
    "Source",
    "SourceText",
    "State",
    "Step",
    "Subscription",
    "Ungrounded",
    "Unrecorded",
    "changes",
    "record_changes",
    "snapshot",
    "source_label",
    "spreads",
    "verify",
]
