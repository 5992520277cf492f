"""Every address on one screen."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sitemaps import views as sitemaps
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path, re_path
from django.views.generic import RedirectView

from sahel import annotations, corrections, dossier, pictures, previews, views
from sahel.admin import guide
from sahel.sitemaps import SITEMAPS

# Every page has its language in its address; Django's LocaleMiddleware redirects an address
# without one to the browser's, keeping the path and the query.
urlpatterns = [
    # Browsers ask for it on pages that name no icon, such as the admin's.
    path("favicon.ico", lambda request: redirect(static("icon.svg"))),
    path("robots.txt", views.robots),
    path("sw.js", views.service_worker),
    path("sitemap.xml", sitemaps.index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap"}),
    path("sitemap-<section>.xml", sitemaps.sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
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
        path("events/<slug:slug>/card.png", pictures.event_card, name="event-card"),
        path("actors/", views.actors, name="actors"),
        path("actors/<slug:slug>/", views.actor, name="actor"),
        path("actors/<slug:slug>/card.png", pictures.actor_card, name="actor-card"),
        path("places/", views.places, name="places"),
        path("places/<slug:slug>/", views.place, name="place"),
        path("places/<slug:slug>/card.png", pictures.place_card, name="place-card"),
        path("sources/", views.sources, name="sources"),
        path("sources/<slug:slug>/", views.source, name="source"),
        path("quotations/<slug:key>/", views.quotation, name="quotation"),
        path("quotations/<slug:key>.jsonld", annotations.annotation, name="annotation"),
        path("changes/", corrections.changes, name="changes"),
        path("changes.atom", corrections.feed, name="changes-feed"),
        path("preview/<str:token>/", previews.shared, name="preview"),
        path("about/", views.about, name="about"),
        path("offline/", views.offline, name="offline"),
        path("admin/guide/", admin.site.admin_view(guide.guide), name="guide"),
        path("admin/", admin.site.urls),
    ),
]

handler404 = "sahel.addresses.not_found"
