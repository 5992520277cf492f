"""Every address on one screen."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sitemaps import views as sitemaps
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path, re_path
from django.views.generic import RedirectView

from sahel import (
    alerts,
    annotations,
    api,
    asof,
    bibliographies,
    corrections,
    databases,
    dossier,
    dumps,
    embeds,
    metrics,
    oembed,
    pictures,
    previews,
    views,
)
from sahel.admin import guide
from sahel.exports import views as exports
from sahel.exports.formats import ENDINGS
from sahel.exports.shapes import KINDS as _KINDS
from sahel.sitemaps import SITEMAPS

KINDS = "|".join(_KINDS)

# Every page has its language in its address; Django's LocaleMiddleware redirects an address
# without one to the browser's, keeping the path and the query.
urlpatterns = [
    # Browsers ask for it on pages that name no icon, such as the admin's.
    path("favicon.ico", lambda request: redirect(static("icon.svg"))),
    path("robots.txt", views.robots),
    path("sw.js", views.service_worker),
    path("metrics", metrics.metrics, name="metrics"),
    path("oembed", oembed.oembed, name="oembed"),
    path("sitemap.xml", sitemaps.index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap"}),
    path("sitemap-<section>.xml", sitemaps.sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("api/v1/openapi.json", api.description),
    path("api/v1/", RedirectView.as_view(url="/api/")),
    re_path(rf"^api/v1/(?P<kind>{KINDS})$", api.listing),
    re_path(rf"^api/v1/(?P<kind>{KINDS})/(?P<one>[\w-]+)$", api.one),
    re_path(r"^api/v1/(?P<_rest>[\s\S]*)\Z", api.nothing),
    path("livez", databases.livez),
    path("readyz", databases.readyz),
    path("dumps/", RedirectView.as_view(url="/data/")),
    path("dumps/<str:name>", dumps.file, name="dump"),
    *i18n_patterns(
        path("", views.timeline, name="timeline"),
        path("card.png", pictures.timeline_card, name="timeline-card"),
        re_path(
            r"^(?P<name>histogram|lanes|map)\.(?P<form>svg|png)$", pictures.figure, name="figure"
        ),
        path("histogram/", views.events_in_time, name="histogram"),
        path("lanes/", views.lanes, name="lanes"),
        path("map/", views.map_of, name="map"),
        path("dossier.html", dossier.dossier, name="dossier"),
        path("events/", RedirectView.as_view(pattern_name="timeline", query_string=True)),
        path("events/<slug:slug>/", views.event, name="event"),
        path("events/<slug:slug>.jsonld", views.event, name="event-linked"),
        path("events/<slug:slug>/card.png", pictures.event_card, name="event-card"),
        path("events/<slug:slug>/<int:number>/", asof.version, name="version"),
        path("actors/", views.actors, name="actors"),
        path("actors/<slug:slug>/", views.actor, name="actor"),
        path("actors/<slug:slug>.jsonld", views.actor, name="actor-linked"),
        path("actors/<slug:slug>/card.png", pictures.actor_card, name="actor-card"),
        path("places/", views.places, name="places"),
        path("places/<slug:slug>/", views.place, name="place"),
        path("places/<slug:slug>.jsonld", views.place, name="place-linked"),
        path("places/<slug:slug>/card.png", pictures.place_card, name="place-card"),
        path("sources/", views.sources, name="sources"),
        path("sources/<slug:slug>/", views.source, name="source"),
        path("sources/<slug:slug>.jsonld", views.source, name="source-linked"),
        path("quotations/<slug:key>/", views.quotation, name="quotation"),
        path("quotations/<slug:key>.jsonld", annotations.annotation, name="annotation"),
        # Of each kind of records what a reader selected, or one of them, in each format.
        re_path(rf"^(?P<kind>{KINDS})\.(?P<ending>{ENDINGS})$", exports.export, name="export"),
        re_path(rf"^(?P<kind>{KINDS})/(?P<one>[\w-]+)\.(?P<ending>{ENDINGS})$", exports.export_one),
        path("data/", exports.data, name="data"),
        path("api/", api.documentation, name="api"),
        path("cite/", bibliographies.cite, name="cite"),
        re_path(
            r"^(?P<kind>events|quotations|sources)/(?P<slug>[-\w]+)\.(?P<form>bib|ris|csl\.json)$",
            bibliographies.citation,
            name="citation",
        ),
        re_path(
            r"^(?P<kind>events|sources)\.(?P<form>bib|ris|csl\.json)$",
            bibliographies.citations,
            name="citations",
        ),
        path("record/", asof.any_day, name="record"),
        path("record/<str:day>/", asof.record, name="record-of-day"),
        path("changes/", corrections.changes, name="changes"),
        path("changes.atom", corrections.feed, name="changes-feed"),
        path("embed/", embeds.frame, {"kind": "timeline"}, name="embed-timeline"),
        path("embed/make/", embeds.make, name="embed-make"),
        *(
            path(f"embed/{kind}s/<slug:slug>/", embeds.frame, {"kind": kind}, name=f"embed-{kind}")
            for kind in ("event", "quotation", "actor", "place")
        ),
        path("alerts/", alerts.alerts, name="alerts"),
        path("alerts/confirm/<str:token>/", alerts.confirm, name="alerts-confirm"),
        path("alerts/leave/<str:token>/", alerts.leave, name="alerts-leave"),
        path("preview/<str:token>/", previews.shared, name="preview"),
        path("about/", views.about, name="about"),
        path("offline/", views.offline, name="offline"),
        path("admin/guide/", admin.site.admin_view(guide.guide), name="guide"),
        path("admin/", admin.site.urls),
    ),
]

handler400 = "sahel.errors.bad_request"
handler403 = "sahel.errors.forbidden"
handler404 = "sahel.addresses.not_found"
handler500 = "sahel.errors.server_error"
