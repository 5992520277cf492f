"""The application that a WSGI server serves."""

import gc
import logging
import os
from threading import Thread

from django.core.wsgi import get_wsgi_application

from sahel.encoding import ReadAsUTF8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sahel.settings")
application = ReadAsUTF8(get_wsgi_application())


def warm() -> None:
    """Read the record before anybody asks for it; a request that comes earlier waits for the rest.

    Then let the garbage collector pass over what is loaded: to look at all of it takes as long as
    several pages, and it stays.
    """
    from django.db import DatabaseError, connections

    from sahel import index
    from sahel.databases import STANDBY, hold_open, read_from, reading

    if STANDBY in connections.settings:
        read_from(STANDBY)
    try:
        hold_open()
        index.current()
    except DatabaseError:  # the first request tries again, and says so
        logging.getLogger(__name__).exception("The record could not be read.")
    finally:
        reading().close()
    gc.collect()
    gc.freeze()


warming = Thread(target=warm, name="warm", daemon=True)
warming.start()
