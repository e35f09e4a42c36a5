"""What work costs on a device: counted while it runs, and estimated before."""
