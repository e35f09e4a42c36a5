"""V2 primitives over a device's sampler, on circuits as users write them."""
