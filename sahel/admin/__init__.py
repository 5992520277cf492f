"""How editors work: Django's admin, one module for each part of the record."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from sahel.admin import events, history, imports, merges, names, quotations, sources

__all__ = ["events", "history", "imports", "merges", "names", "quotations", "sources"]

admin.site.site_header = _("Sahel timeline: editing")
admin.site.site_title = _("Sahel timeline")
admin.site.index_title = _("The record")
