"""From circuits as users write them to circuits that a device takes."""
