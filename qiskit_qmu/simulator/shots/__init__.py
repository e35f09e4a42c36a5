"""States to numbers from a finite number of shots."""
