"""The site's settings, with one address more: an empty page to compare with."""

from sahel.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "benchmarks.urls"
