"""Spreadsheets that editors bring in: each file, its rows as they stood in it, the events made."""

from __future__ import annotations

import json
import zlib
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sahel.models.events import Event
from sahel.models.sources import Source

Rows = list[tuple[int, list[str]]]  # each with its number in the file


class ImportBatch(models.Model):
    """A file that was uploaded, how it is read, and when drafts were made of it, or undone.

    `mapping` ties our fields to the file's columns, by their number from 0; `made` holds the actors
    and places that were made for it: `{"actor": {primary key: version}}`.
    """

    class Layout(models.TextChoices):
        """Whose columns a file has: a closed vocabulary."""

        OWN = "own", _("our own columns")
        TIMELINEJS = "timelinejs", _("TimelineJS spreadsheet")
        ACLED = "acled", _("ACLED export")
        UCDP = "ucdp", _("UCDP GED file")

    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    layout = models.CharField(_("layout"), max_length=10, choices=Layout)
    header = models.JSONField(_("columns"), default=list)
    content = models.BinaryField(default=b"")  # the rows, until drafts are made: see `keep()`
    mapping = models.JSONField(_("which column is what"), default=dict, blank=True)
    source = models.ForeignKey(
        Source,
        verbose_name=_("source"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="import_batches",
        help_text=_("That the file is taken from; for rows that name none of their own."),
    )
    language = models.CharField(
        _("language of the texts"),
        max_length=2,
        choices=[("en", _("English")), ("fr", _("French"))],
        default="en",
    )
    date_basis = models.CharField(
        _("basis of the dates"),
        max_length=15,
        choices=Event.DateBasis,
        blank=True,
        help_text=_("For rows that do not say on what their date rests."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Event.Kind,
        blank=True,
        help_text=_("For rows that give none."),
    )
    makes_names = models.BooleanField(
        _("make actors and places that are not known"),
        default=False,
        help_text=_("Look through them afterwards: a file knows neither their kind nor French."),
    )
    made = models.JSONField(default=dict, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("uploaded by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    draft_count = models.PositiveIntegerField(_("drafts made"), default=0)
    uploaded = models.DateTimeField(_("uploaded"), default=timezone.now)
    mapped = models.DateTimeField(_("columns chosen"), null=True)
    confirmed = models.DateTimeField(_("confirmed"), null=True)
    undone = models.DateTimeField(_("undone"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-uploaded", "-pk"]

    def __str__(self) -> str:
        return self.file_name

    def keep(self, rows: Rows) -> None:
        """Keep the rows until drafts are made of them, compressed."""
        self.content, self.row_count = zlib.compress(json.dumps(rows).encode(), 1), len(rows)

    def kept(self) -> Rows:
        """Give the rows that were kept."""
        return json.loads(zlib.decompress(self.content)) if self.content else []


class ImportedRowQuerySet(models.QuerySet["ImportedRow"]):
    """The words in which rows of files are asked for."""

    def known_to(self, batch: ImportBatch) -> QuerySet[ImportedRow]:
        """Give the rows of earlier files of that layout and source that count as brought in.

        Those of an undone import do where their event stayed.
        """
        confirmed = self.filter(batch__layout=batch.layout, batch__source=batch.source_id)
        confirmed = confirmed.filter(batch__confirmed__isnull=False).exclude(batch=batch.pk)
        if batch.source_id is None:  # files of nobody have only their name in common
            confirmed = confirmed.filter(batch__file_name=batch.file_name)
        stands = Q(event__isnull=False) | Q(made=True, batch__undone=None)
        return confirmed.filter(stands).order_by("batch__confirmed", "batch_id", "number")


class ImportedRow(models.Model):
    """A row of a file, as it stood there, and the event that was made of it or is about."""

    batch = models.ForeignKey(
        ImportBatch, verbose_name=_("import"), on_delete=models.CASCADE, related_name="rows"
    )
    number = models.PositiveIntegerField(_("row"))  # as a spreadsheet counts, the header being 1
    key = models.CharField(_("its own key"), max_length=100, blank=True, db_index=True)
    digest = models.CharField(max_length=64)  # of its columns and values, SHA-256
    values: Any = models.JSONField(_("values"))  # texts, in the order of the batch's header
    event = models.ForeignKey(
        Event,
        verbose_name=_("event"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="imported_rows",
    )
    made = models.BooleanField(default=False)  # the event was made of this row

    objects = ImportedRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of a file")
        verbose_name_plural = _("rows of files")
        ordering = ["batch", "number"]
        constraints = [UniqueConstraint(fields=["batch", "number"], name="imported_row_once")]

    def __str__(self) -> str:
        return f"{self.batch}: {self.number}"

    def cells(self) -> list[tuple[str, str]]:
        """Give its columns that hold something, each with what stands there."""
        pairs = zip(self.batch.header, self.values, strict=False)
        return [(column, value) for column, value in pairs if value]
