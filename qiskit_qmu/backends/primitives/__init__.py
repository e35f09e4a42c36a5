"""V2 primitives over a device's sampler, for virtual circuits."""
