"""`make bench-verify`: how long it takes to hold 100,000 quotations against 10,000 sources."""

import random
import tempfile
import time
from io import StringIO
from pathlib import Path

import django
from django.core.management import call_command

SOURCES, QUOTATIONS, LETTERS = 10_000, 100_000, 5_000
WORDS = "le chef de la junte annonce un retrait des forces", "bientôt", "du pays", "plus tard"


def main() -> None:
    """Fill a database of its own, verify twice (all new; nothing new), print the seconds."""
    from sahel.models import Event, Quotation, Source, SourceText, Unrecorded
    from sahel.quotations import sha256

    call_command("migrate", verbosity=0)
    draw = random.Random(1)  # noqa: S311 - always the same texts
    texts = []
    for _ in range(SOURCES):
        text = ""
        while len(text) < LETTERS:
            text += f"{draw.choice(WORDS)} {draw.randrange(10**6)} "
        texts.append(text)
    Source.objects.bulk_create(
        Source(
            slug=f"source-{n}",
            title=f"Source {n}",
            publisher="Gazette",
            language="fr",
            text_sha256=sha256(text),
            text_length=len(text),
        )
        for n, text in enumerate(texts)
    )
    sources = dict(Source.objects.values_list("slug", "pk"))
    SourceText.objects.bulk_create(
        SourceText(source_id=sources[f"source-{n}"], text=text) for n, text in enumerate(texts)
    )
    about = {"title_en": "Event", "kind": "report", "date": "2021", "date_basis": "stated"}
    Event.objects.bulk_create(Event(slug=f"event-{n}", **about) for n in range(QUOTATIONS // 2))
    events = list(Event.objects.values_list("pk", flat=True))
    quotations = []
    for n in range(QUOTATIONS):
        text, start = texts[n % SOURCES], draw.randrange(LETTERS - 200)
        exact, source = text[start : start + 150], sources[f"source-{n % SOURCES}"]
        tied = {"event_id": events[n // 2], "source_id": source}
        quotations.append(Quotation(**tied, exact=exact, language="fr"))
    Quotation.objects.bulk_create(quotations, batch_size=1000)
    Unrecorded.objects.all().delete()  # nobody made them: no history is told
    for what in ("all checked for the first time", "all checked again"):
        begin, out = time.perf_counter(), StringIO()
        call_command("verify", stdout=out)
        print(f"{time.perf_counter() - begin:6.1f} s  {what}:{out.getvalue().rstrip()}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sahel-verify-") as folder:
        import os

        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DATA_DIR": folder,
            "SECRET_KEY": "of the benchmarks",
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'sahel.sqlite3'}",
        }
        django.setup()
        main()
