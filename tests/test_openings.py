"""Who has a form open is told to colleagues."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_editor, make_event, make_source

pytestmark = pytest.mark.django_db


def test_an_editor_sees_who_has_the_form_open(editor, client):
    event, source = make_event(publication="draft"), make_source("report")
    for of in (event, source):
        address = reverse(f"admin:sahel_{of._meta.model_name}_change", args=[of.pk])
        opened = address.replace("/change/", "/opened/")
        editor.force_login(make_editor(f"awa-{of._meta.model_name}"))
        assert editor.post(opened).text.strip() == ""
        editor.force_login(User.objects.get(username="fatou"))
        assert f"awa-{of._meta.model_name} opened this" in editor.post(opened).text
        assert f"awa-{of._meta.model_name} opened this" in editor.get(address).text
        assert editor.get(opened).status_code == 404
        with connection.cursor() as cursor:  # nothing was heard of it since
            cursor.execute("UPDATE sahel_opening SET heard = %s", [timezone.now() - timedelta(1)])
        assert "opened this" not in editor.get(address).text


def test_who_may_not_change_it_is_not_told_of(client):
    event = make_event()
    client.force_login(make_editor("awa", "Contributor"))
    assert client.post(f"/en/admin/sahel/event/{event.pk}/opened/").status_code == 403
