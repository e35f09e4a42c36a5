"""What circuits were measured to hold, and corrections for misread bits."""
