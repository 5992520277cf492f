"""What is read of a web page is what the browser shows of it."""

import pytest
from playwright.sync_api import Page

from sahel.uploads import text_of

pytestmark = pytest.mark.one_database

PAGES = {
    "article": """<!doctype html><html lang=fr><head><title>Titre</title><style>p{color:red}</style>
      <body><header><nav><ul><li><a href=/>Accueil</a><li>Monde</ul></nav></header>
      <article><h1>Le  <em>Sahel</em></h1><p>Il a dit&nbsp;: «&#8239;Non&#8239;»,
      plus<b>que</b>jamais.<p>Puis&hellip; <i>rien</i> .</article><footer>Fin</footer>""",
    "table": """<p>Avant</p><table><thead><tr><th>Jour<th>Morts</thead><tbody><tr><td>3 janvier
      <td>19</tr><tr><td>4 janvier</td><td>3</td></tr></table><p>Après""",
    "quotation": """<blockquote><p>“One<br>two”</p></blockquote><div>three <span> four</span></div>
      <pre>  kept
   as it is</pre><hr><div><div>a</div></div><div>b</div>""",
    "slips": "<p>a < b & c <3</p><P CLASS=it's>d</P><!-- e --><p>f</x>g<p/>h",
    "unseen": """a<script>if (1 < 2) document.title = '<p>b'</script>c<template>d</template>
      <svg><title>e</title></svg><noscript>f</noscript>g""",
    "headings": "<h2>One</h2><h3>Two</h3>text<p>x</p>y<dl><dt>t<dd>d</dl>z<section>s</section>",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_as_chromium_shows_it(page: Page, name: str):
    page.set_content(PAGES[name])
    shown = page.evaluate("document.body.innerText").strip("\n")
    assert text_of("page.html", PAGES[name].encode()) == shown
