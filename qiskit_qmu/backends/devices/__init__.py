"""The backends themselves: statevectors, Aer, fake devices and BackendV2 objects."""
