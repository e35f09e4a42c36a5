"""Work on devices: submitted, resumed and fetched."""
