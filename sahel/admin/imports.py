"""Spreadsheets: uploaded, their columns chosen, tried, confirmed, undone."""

import hashlib
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.datasets import GED
from sahel.entries import shortened
from sahel.fields import readers_language
from sahel.imports import Plan, check, make, undo
from sahel.layouts import LAYOUTS, recognise
from sahel.models import Actor, Event, ImportBatch, Place, Quotation, Reference
from sahel.security import note_once_saved
from sahel.spreadsheets import MOST_BYTES, SpreadsheetError, read, too_large

MOST_SHOWN = 200  # faults, changed rows
A_WEEK = timedelta(days=7)


class UploadForm(forms.Form):
    """Takes a file and reads its rows."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        help_text=_("CSV in UTF-8, or XLSX; 10 MB and 20,000 rows at most."),
    )

    def clean_file(self) -> ImportBatch:
        """Give a batch that holds the rows, their layout recognised; it is not saved yet."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(too_large())
        content = file.read()
        try:
            sheet = read(content)
        except SpreadsheetError as error:
            raise forms.ValidationError(str(error)) from error
        layout, has_header = recognise(sheet.first)
        if layout.name == "own":
            sheet = sheet.unescaped()
        rows = sheet.rows if has_header else [(1, sheet.first), *sheet.rows]
        if not rows:
            raise forms.ValidationError(_("The file has no rows below its first one."))
        header = sheet.first if has_header else list(GED)
        batch = ImportBatch(
            file_name=file.name,
            sha256=hashlib.sha256(content).hexdigest(),
            layout=layout.name,
            header=header,
            language=readers_language()[:2],
            mapping=layout.mapping(header),
        )
        batch.keep(rows)
        return batch


class MappingForm(ModelForm):
    """Asks which column is what, and for what the file itself does not say."""

    class Meta:
        model = ImportBatch
        fields = ["source", "language", "kind", "date_basis", "makes_names"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the columns of the file for each field of its layout."""
        super().__init__(*args, **kwargs)
        layout = self.layout = LAYOUTS[self.instance.layout]
        source: Any = self.fields["source"]
        column = ImportBatch._meta.get_field("source")
        source.widget = AutocompleteSelect(column, admin.site, choices=source.choices)
        source.required = layout.needs_source
        if not layout.has_kind:
            del self.fields["kind"], self.fields["language"], self.fields["date_basis"]
        columns = [(str(at), label) for at, label in enumerate(self._labels())]
        for name in layout.fields:
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=_label(name) if layout.name == "own" else name,
                choices=[("", "–"), *columns],
                required=name in layout.required,
                initial=str(self.instance.mapping.get(name, "")),
                error_messages={"required": _("Choose the column: no event is made without it.")},
            )

    def _labels(self) -> list[str]:
        """Give each column's name, with what stands there first."""
        first = self.instance.kept()[0][1]
        labels = []
        for at, name in enumerate(self.instance.header):
            value = shortened(first[at].strip(), 30) if at < len(first) else ""
            column = shortened(name, 60) or str(at + 1)
            labels.append(f"{column}: {value}" if value else column)
        return labels

    def clean(self) -> dict[str, Any]:
        """Ask for what each event needs."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = {
            name: int(cleaned[f"column_{name}"])
            for name in self.layout.fields
            if cleaned.get(f"column_{name}")
        }
        if "kind" in self.fields and "kind" not in chosen and not cleaned.get("kind"):
            self.add_error("kind", _("Choose the column of the kind, or one kind for all rows."))
        unsaid = "date_basis" in self.fields and "date_basis" not in chosen
        if unsaid and not cleaned.get("date_basis"):
            said = _("Choose the column of the basis, or one basis for all dates.")
            self.add_error("date_basis", said)
        if self.layout.name == "own" and not {"title_en", "title_fr"} & set(chosen):
            self.add_error("column_title_en", _("Choose the column of a title."))
        self.instance.mapping = chosen
        return cleaned

    def options(self) -> list[forms.BoundField]:
        """Give the fields that are no columns."""
        return [self[name] for name in self.fields if not name.startswith("column_")]

    def columns(self) -> list[forms.BoundField]:
        """Give the fields that are columns."""
        return [self[name] for name in self.fields if name.startswith("column_")]


def _label(name: str) -> str:
    """Give the name of one of our own columns in words, with the word that stands in a header."""
    words: dict[str, Any] = {
        "quotation_language": _("language of the quotation"),
        "places": _("places"),
        "coordinates": Place._meta.get_field("precision").verbose_name,
        "quotations": Quotation._meta.verbose_name_plural,
        "references": Reference._meta.verbose_name_plural,
    }
    fields = {
        **{field.name: field for field in Place._meta.concrete_fields},
        **{field.name: field for field in Event._meta.concrete_fields},
        "source": ImportBatch._meta.get_field("source"),
    }
    words |= {"quotation": Quotation._meta.verbose_name, "actors": Actor._meta.verbose_name_plural}
    told = words[name] if name in words else fields[name].verbose_name
    return f"{capfirst(str(told))} ({name})"


@admin.register(ImportBatch)
class ImportBatchAdmin(admin.ModelAdmin):
    """The files that were brought in; each has its page, on which it is tried and undone."""

    list_display = ["file_name", "state", "layout", "row_count", "draft_count", "source_of", "user"]
    list_filter = ["layout"]
    list_select_related = ["source", "user"]
    list_per_page = 50
    actions = ["forget"]

    @admin.display(description=_("state"))
    def state(self, batch: ImportBatch) -> str:
        """Say how far it got, and when."""
        if batch.undone:
            return gettext("undone on %(day)s") % {"day": date_format(batch.undone)}
        if batch.confirmed:
            return gettext("confirmed on %(day)s") % {"day": date_format(batch.confirmed)}
        return gettext("not confirmed")

    @admin.display(description=_("source"), ordering="source")
    def source_of(self, batch: ImportBatch) -> str:
        """Give the source's title, which may be long."""
        return shortened(str(batch.source), 60) if batch.source else "–"

    @admin.action(description=_("Delete files not confirmed for a week"), permissions=["undo"])
    def forget(self, request: HttpRequest, batches: QuerySet[ImportBatch]) -> None:
        """Delete what nobody confirmed."""
        old = batches.filter(confirmed=None, uploaded__lt=timezone.now() - A_WEEK)
        count, _kinds = old.delete()
        said = ngettext("%(count)s file was deleted.", "%(count)s files were deleted.", count)
        messages.success(request, said % {"count": count})

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportBatch]:
        """Leave the rows where they are until they are needed."""
        batches: QuerySet[ImportBatch] = super().get_queryset(request)
        return batches.defer("content")

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Let an import be undone by whoever may delete it and what it made."""
        return request.user.has_perms(["sahel.delete_importbatch", "sahel.delete_event"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let files be brought in by whoever may add what is made of them."""
        return request.user.has_perms(["sahel.add_importbatch", "sahel.add_event"])

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keep what says where events come from."""
        return False

    def get_urls(self) -> list[Any]:
        """Add the page on which columns are chosen."""
        view = self.admin_site.admin_view(self.mapping_view)
        return [
            path("<int:key>/columns/", view, name="sahel_importbatch_columns"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Take a file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            batch = form.cleaned_data["file"]
            batch.user = request.user
            batch.save()
            same = ImportBatch.objects.filter(sha256=batch.sha256, undone=None)
            if before := same.exclude(confirmed=None).first():
                said = gettext("This very file was imported before, as %(file)s.")
                messages.warning(request, said % {"file": before})
            return redirect("admin:sahel_importbatch_columns", batch.pk)
        own = LAYOUTS["own"].fields
        title = gettext("Import a spreadsheet")
        return self._page(request, "upload", title, form=form, columns=own)

    def mapping_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask which column is what, until it is confirmed."""
        batch = ImportBatch.objects.filter(pk=key, confirmed=None).first()
        if batch is None:
            raise Http404
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = MappingForm(request.POST or None, instance=batch)
        if request.method == "POST" and form.is_valid():
            batch = form.save(commit=False)
            batch.mapped = timezone.now()
            batch.save()
            return redirect("admin:sahel_importbatch_change", batch.pk)
        title = gettext("Which column is what: %(file)s") % {"file": batch}
        return self._page(request, "columns", title, batch=batch, form=form)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show what a file would come to and, once it is confirmed, what it came to."""
        batch = self.get_object(request, unquote(object_id or ""))
        if batch is None:
            raise Http404
        if not self.has_view_permission(request, batch):
            raise PermissionDenied
        if batch.confirmed:
            return self._done(request, batch)
        if not batch.mapped:
            return redirect("admin:sahel_importbatch_columns", batch.pk)
        plan = check(batch)
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            if request.POST.get("token") == plan.token:
                make(plan, request.user)
                count = batch.draft_count
                note_once_saved("imported", file=str(batch), drafts=count)
                made = ngettext("%(count)s draft was made.", "%(count)s drafts were made.", count)
                messages.success(request, made % {"count": count})
                return redirect("admin:sahel_importbatch_change", batch.pk)
            said = gettext("Nothing was made: the record or the columns changed. Look again.")
            messages.error(request, said)
        title = gettext("What it would come to: %(file)s") % {"file": batch}
        return self._page(
            request, "plan", title, batch=batch, plan=plan, summary=_summary(plan), most=MOST_SHOWN
        )

    def _done(self, request: HttpRequest, batch: ImportBatch) -> HttpResponse:
        if request.method == "POST":
            if not self.has_undo_permission(request):
                raise PermissionDenied
            if "undo" not in request.POST:
                messages.info(request, gettext("It was imported already."))
            elif not batch.undone:
                count = undo(batch)
                note_once_saved("import undone", file=str(batch), drafts=count)
                said = ngettext(
                    "%(count)s draft was deleted.", "%(count)s drafts were deleted.", count
                )
                messages.success(request, said % {"count": count})
            return redirect("admin:sahel_importbatch_change", batch.pk)
        made = batch.rows.filter(made=True, event__isnull=False).select_related("event")
        title = gettext("What was imported: %(file)s") % {"file": batch}
        may = self.has_undo_permission(request) and not batch.undone
        facts = [self.state(batch), batch.get_layout_display(), str(batch.source or "")]
        return self._page(
            request,
            "done",
            title,
            batch=batch,
            rows=made[:MOST_SHOWN],
            count=made.count(),
            facts=[fact for fact in facts if fact],
            may_undo=may,
        )

    def _page(self, request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
        about = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/imports/{name}.html", {**about, **context})


def _summary(plan: Plan) -> list[str]:
    """Say in a few lines what a file would come to."""
    faulty, same, names = len({each.row for each in plan.faults}), len(plan.same), len(plan.names)
    lines = {
        ngettext("%(n)s new draft", "%(n)s new drafts", len(plan.drafts)): len(plan.drafts),
        ngettext(
            "%(n)s row with faults, which is left out",
            "%(n)s rows with faults, which are left out",
            faulty,
        ): faulty,
        ngettext(
            "%(n)s row that was imported before, and is not touched",
            "%(n)s rows that were imported before, and are not touched",
            same,
        ): same,
        ngettext(
            "%(n)s row whose event was deleted since, and stays so",
            "%(n)s rows whose events were deleted since, and stay so",
            plan.deleted,
        ): plan.deleted,
        ngettext(
            "%(n)s row that is no event", "%(n)s rows that are no events", plan.skipped
        ): plan.skipped,
        ngettext(
            "%(n)s actor or place to be made", "%(n)s actors and places to be made", names
        ): names,
    }
    return [said % {"n": number} for said, number in lines.items() if number]
