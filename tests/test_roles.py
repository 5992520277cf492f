"""Who sees which page of the admin: every address, asked by every role."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern

from sahel.merges import merge
from sahel.merging import Merging
from sahel.models import (
    Change,
    Event,
    ImportBatch,
    SavedView,
    Signature,
    Subscription,
    changes,
)
from tests.factories import make_actor, make_editor, make_event

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
# `in`: led to the sign-in; `on`: led elsewhere (to the one page that such a thing has, or because
# it is not theirs). What is public, merged, or named by something, nobody deletes: 403.
TABLE = """
                                          nobody contributor editor publisher superuser
guide/                                    in     200         200    200       200
second-step/                              on     on          on     on        on
sign-in/                                  in     200         200    200       200
sign-in/app/                              in     on          on     on        on
logout/                                   405    405         405    405       405
(start)                                   in     200         200    200       200
login/                                    200    on          on     on        on
password_change/                          in     200         200    200       200
password_change/done/                     in     200         200    200       200
autocomplete/                             in     403         403    403       403
jsi18n/                                   in     200         200    200       200
r/<content_type_id>/<object_id>/          in     on          on     on        on
sahel/subscription/views/                 in     405         405    405       405
sahel/subscription/views/<key>/delete/    in     405         405    405       405
sahel/subscription/                       in     403         403    403       403
sahel/subscription/add/                   in     403         403    403       403
sahel/subscription/<object_id>/history/   in     403         403    403       403
sahel/subscription/<object_id>/delete/    in     403         403    403       403
sahel/subscription/<object_id>/change/    in     403         403    403       403
sahel/subscription/<object_id>/           in     on          on     on        on
sahel/event/read/date/                    in     200         200    200       200
sahel/event/read/quotation/               in     200         200    200       200
sahel/event/<object_id>/preview/          in     on          on     on        on
sahel/event/<object_id>/history/<number>/ in     403         403    200       200
sahel/event/<object_id>/opened/           in     404         404    404       404
sahel/event/views/                        in     405         405    405       405
sahel/event/views/<key>/delete/           in     405         405    405       405
sahel/event/                              in     200         200    200       200
sahel/event/add/                          in     200         200    200       200
sahel/event/<object_id>/history/          in     200         200    200       200
sahel/event/<object_id>/delete/           in     403         403    403       403
sahel/event/<object_id>/change/           in     200         200    200       200
sahel/event/<object_id>/                  in     on          on     on        on
sahel/change/views/                       in     405         405    405       405
sahel/change/views/<key>/delete/          in     405         405    405       405
sahel/change/                             in     200         200    200       200
sahel/change/add/                         in     403         403    403       403
sahel/change/<object_id>/history/         in     200         200    200       200
sahel/change/<object_id>/delete/          in     403         403    403       403
sahel/change/<object_id>/change/          in     200         200    200       200
sahel/change/<object_id>/                 in     on          on     on        on
sahel/signature/views/                    in     405         405    405       405
sahel/signature/views/<key>/delete/       in     405         405    405       405
sahel/signature/                          in     200         200    200       200
sahel/signature/add/                      in     200         200    200       200
sahel/signature/<object_id>/history/      in     on          on     on        on
sahel/signature/<object_id>/delete/       in     on          on     on        on
sahel/signature/<object_id>/change/       in     on          on     on        on
sahel/signature/<object_id>/              in     on          on     on        on
sahel/importbatch/<key>/columns/          in     403         200    200       200
sahel/importbatch/                        in     403         200    200       200
sahel/importbatch/add/                    in     403         200    200       200
sahel/importbatch/<object_id>/history/    in     403         200    200       200
sahel/importbatch/<object_id>/delete/     in     403         403    403       403
sahel/importbatch/<object_id>/change/     in     403         on     on        on
sahel/importbatch/<object_id>/            in     on          on     on        on
sahel/merge/<key>/undo/                   in     403         200    200       200
sahel/merge/                              in     403         200    200       200
sahel/merge/add/                          in     403         403    403       403
sahel/merge/<object_id>/history/          in     403         200    200       200
sahel/merge/<object_id>/delete/           in     403         403    403       403
sahel/merge/<object_id>/change/           in     403         200    200       200
sahel/merge/<object_id>/                  in     on          on     on        on
sahel/actor/<object_id>/opened/           in     404         404    404       404
sahel/actor/views/                        in     405         405    405       405
sahel/actor/views/<key>/delete/           in     405         405    405       405
sahel/actor/                              in     200         200    200       200
sahel/actor/add/                          in     200         200    200       200
sahel/actor/<object_id>/history/          in     200         200    200       200
sahel/actor/<object_id>/delete/           in     403         403    403       403
sahel/actor/<object_id>/change/           in     200         200    200       200
sahel/actor/<object_id>/                  in     on          on     on        on
sahel/place/<object_id>/opened/           in     404         404    404       404
sahel/place/views/                        in     405         405    405       405
sahel/place/views/<key>/delete/           in     405         405    405       405
sahel/place/                              in     200         200    200       200
sahel/place/add/                          in     200         200    200       200
sahel/place/<object_id>/history/          in     200         200    200       200
sahel/place/<object_id>/delete/           in     403         403    403       403
sahel/place/<object_id>/change/           in     200         200    200       200
sahel/place/<object_id>/                  in     on          on     on        on
sahel/quotation/<object_id>/opened/       in     404         404    404       404
sahel/quotation/views/                    in     405         405    405       405
sahel/quotation/views/<key>/delete/       in     405         405    405       405
sahel/quotation/                          in     200         200    200       200
sahel/quotation/add/                      in     403         403    403       403
sahel/quotation/<object_id>/history/      in     200         200    200       200
sahel/quotation/<object_id>/delete/       in     403         403    403       403
sahel/quotation/<object_id>/change/       in     200         200    200       200
sahel/quotation/<object_id>/              in     on          on     on        on
sahel/source/read/date/                   in     200         200    200       200
sahel/source/read/quotation/              in     200         200    200       200
sahel/source/<object_id>/opened/          in     404         404    404       404
sahel/source/views/                       in     405         405    405       405
sahel/source/views/<key>/delete/          in     405         405    405       405
sahel/source/                             in     200         200    200       200
sahel/source/add/                         in     200         200    200       200
sahel/source/<object_id>/history/         in     200         200    200       200
sahel/source/<object_id>/delete/          in     403         403    403       403
sahel/source/<object_id>/change/          in     200         200    200       200
sahel/source/<object_id>/                 in     on          on     on        on
auth/group/                               in     403         403    403       200
auth/group/add/                           in     403         403    403       200
auth/group/<object_id>/history/           in     403         403    403       200
auth/group/<object_id>/delete/            in     403         403    403       200
auth/group/<object_id>/change/            in     403         403    403       200
auth/group/<object_id>/                   in     on          on     on        on
auth/user/<id>/password/                  in     403         403    403       200
auth/user/                                in     403         403    403       200
auth/user/add/                            in     403         403    403       200
auth/user/<object_id>/history/            in     403         403    403       200
auth/user/<object_id>/delete/             in     403         403    403       200
auth/user/<object_id>/change/             in     403         403    403       200
auth/user/<object_id>/                    in     on          on     on        on
^(?P<app_label>sahel|auth)/$              in     200         200    200       200
(?P<url>.*)$                              in     404         404    404       404
"""
ROLES = TABLE.split("\n")[1].split()


def addresses():
    """Give every address of the admin, as it stands in the table, with a name for what varies."""

    def walk(patterns, before):
        for each in patterns:
            here = before + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", str(each.pattern))
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, here)
            elif here.startswith("admin/"):
                yield here.removeprefix("admin/") or "(start)"

    (ours,) = [r for r in get_resolver().url_patterns if isinstance(r.pattern, LocalePrefixPattern)]
    return list(dict.fromkeys(walk(ours.url_patterns, "")))


def expected():
    rows = (line.split() for line in TABLE.strip().splitlines()[1:])
    return {path: answers for path, *answers in rows}


@pytest.fixture
def keys():
    """Make one of each thing, and give its key by the name of its model."""
    fatou = User.objects.create_user("of-whom-things-are")
    event = make_event("Strike", actors=("France",), places=("Mali",))
    with changes(Change.Way.EDITOR):
        event.save()
    actors = event.involvements.get().actor, [make_actor("French Republic")]
    batch = ImportBatch(file_name="events.csv", user=fatou, layout="own", header=["title_en"])
    batch.keep([(2, ["A meeting"])])
    batch.save()
    things = [
        event,
        event.quotations.get(),
        event.quotations.get().source,
        event.places.get(),
        event.involvements.get().actor,
        Signature.objects.create(user=fatou, name="F."),
        batch,
        merge(Merging(*actors), by=fatou, author={"who": "", "account": fatou.pk, "why": "One."}),
        SavedView.objects.create(user=fatou, of="event", name="Mine"),
        Subscription.objects.create(site="https://example.org"),
        Change.objects.latest("number"),
        Group.objects.get(name="Editor"),
        fatou,
    ]
    return {str(thing._meta.model_name): thing.pk for thing in things}


def asked(client, path, keys):
    """Give what becomes of a GET: a status, `in` where it leads to the sign-in, `on` elsewhere."""
    of = re.match(r"(?:sahel|auth)/(\w+)/", path)
    kind = ContentType.objects.get_for_model(Event).pk
    named = {"content_type_id": kind, "url": "nothing", "number": 1, "key": keys["savedview"]}
    named["id"] = named["object_id"] = keys[of[1] if of else "event"]
    if of and "views/" not in path:
        named["key"] = keys[of[1]]
    path = path.replace(r"^(?P<app_label>sahel|auth)/$", "sahel/").replace("(?P<url>.*)$", "other")
    path = re.sub(r"<(\w+)>", lambda found: str(named[found[1]]), path.replace("(start)", ""))
    answer = client.get(f"/en/admin/{path}")
    if answer.status_code not in (301, 302):
        return str(answer.status_code)
    return "in" if "/login/" in answer["Location"] else "on"


@pytest.fixture(params=ROLES)
def somebody(request, client):
    if request.param == "superuser":
        client.force_login(User.objects.create_superuser("root"))
    elif request.param != "nobody":
        client.force_login(make_editor("awa", request.param.capitalize()))
    return request.param, client


def test_every_address_has_a_row_and_every_row_an_address():
    assert list(expected()) == addresses()


def test_each_role_sees_what_the_table_says(somebody, keys):
    role, client = somebody
    column = ROLES.index(role)
    found = {path: asked(client, path, keys) for path in addresses()}
    assert found == {path: answers[column] for path, answers in expected().items()}
