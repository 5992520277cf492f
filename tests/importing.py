"""What an editor does to import a file, and rows of the datasets to do it with."""

import csv
import io
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sahel.imports import check
from sahel.models import ImportBatch
from tests.forms import sent

ACLED_NEW = re.findall(
    r"\w+",
    "event_id_cnty event_date year time_precision disorder_type event_type sub_event_type actor1 "
    "assoc_actor_1 inter1 actor2 assoc_actor_2 inter2 interaction civilian_targeting iso region "
    "country admin1 admin2 admin3 location latitude longitude geo_precision source source_scale "
    "notes fatalities tags timestamp",
)

ACLED_OLD = re.findall(
    r"\w+",
    "data_id iso event_id_cnty event_id_no_cnty event_date year time_precision event_type "
    "sub_event_type actor1 assoc_actor_1 inter1 actor2 assoc_actor_2 inter2 interaction region "
    "country admin1 admin2 admin3 location latitude longitude geo_precision source source_scale "
    "notes fatalities timestamp iso3",
)

A_BATTLE = {
    "event_id_cnty": "MLI1",
    "event_date": "2022-02-15",
    "time_precision": "1",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Sample Group",
    "inter1": "2",
    "actor2": "Sample Forces",
    "inter2": "State forces",
    "country": "Mali",
    "admin1": "Sample Region",
    "location": "Sample Town",
    "latitude": "15.5",
    "longitude": "-1.25",
    "geo_precision": "2",
    "notes": "Sample words, of no event.",
    "fatalities": "3",
}

A_GED_ROW = {
    "id": "412",
    "type_of_violence": "3",
    "side_a": "Sample Group",
    "side_b": "Civilians",
    "where_coordinates": "Sample Town",
    "where_prec": "1",
    "latitude": "15.5",
    "longitude": "-1.25",
    "date_prec": "2",
    "date_start": "2022-02-01 00:00:00.000",
    "date_end": "2022-02-04 00:00:00.000",
    "best": "4",
    "high": "6",
    "low": "3",
}


def table(columns: list[str], *rows: dict[str, str], header: bool = True) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def upload(editor: Client, text: str, name: str = "events.csv") -> ImportBatch:
    file = SimpleUploadedFile(name, text.encode())
    answer = editor.post("/en/admin/sahel/importbatch/add/", {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return ImportBatch.objects.latest("pk")


def choose(editor: Client, batch: ImportBatch, **chosen: Any) -> Any:
    address = f"/en/admin/sahel/importbatch/{batch.pk}/columns/"
    page = editor.get(address).content.decode()
    asked = {"date_basis": "stated"} if 'name="date_basis"' in page else {}
    return editor.post(address, sent(page, "import-columns", **{**asked, **chosen}), follow=True)


def tried(editor: Client, text: str, **chosen: Any) -> ImportBatch:
    batch = upload(editor, text)
    answer = choose(editor, batch, **chosen)
    assert "import-columns" not in answer.content.decode()
    batch.refresh_from_db()
    return batch


def confirm(editor: Client, batch: ImportBatch, **changed: Any) -> Any:
    address = f"/en/admin/sahel/importbatch/{batch.pk}/change/"
    page = editor.get(address).content.decode()
    return editor.post(address, sent(page, "import-plan", **changed), follow=True)


def imported(editor: Client, text: str, **chosen: Any) -> ImportBatch:
    batch = tried(editor, text, **chosen)
    confirm(editor, batch)
    batch.refresh_from_db()
    assert batch.confirmed
    return batch


def undo(editor: Client, batch: ImportBatch) -> str:
    address = f"/en/admin/sahel/importbatch/{batch.pk}/change/"
    page = editor.get(address).content.decode()
    answer = editor.post(address, sent(page, "import-done", undo="yes"), follow=True)
    return answer.content.decode()


def faults(batch: ImportBatch) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.reason) for fault in check(batch).faults]
