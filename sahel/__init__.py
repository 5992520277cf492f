"""A chronological, sourced timeline of the Mali/Sahel crisis."""
