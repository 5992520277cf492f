"""The forms of the admin: what editors type is read, and checked before it is saved."""

from sahel.forms.dates import WordedDateForm
from sahel.forms.events import EventForm
from sahel.forms.languages import mark_untranslated
from sahel.forms.quotations import QuotationForm, QuotationFormSet
from sahel.forms.sources import SourceForm, SourceTextForm

__all__ = [
    "EventForm",
    "QuotationForm",
    "QuotationFormSet",
    "SourceForm",
    "SourceTextForm",
    "WordedDateForm",
    "mark_untranslated",
]
