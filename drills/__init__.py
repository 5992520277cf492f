"""What the site promises, tried: each drill prints its figures and fails where a promise breaks."""
