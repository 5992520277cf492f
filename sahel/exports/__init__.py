"""What leaves the site: the record in the formats that other tools expect.

The same address as a page, the same words of the query string, another ending.
"""
