"""Cost of work on a device: metered while it runs, and estimated beforehand."""
