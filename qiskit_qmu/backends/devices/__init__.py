"""The backends: statevectors, Aer, fake devices and BackendV2 objects."""
