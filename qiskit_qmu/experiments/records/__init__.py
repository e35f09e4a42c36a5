"""What experiments keep: records of methods, evidence, and the places of both."""
