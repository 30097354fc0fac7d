"""Sites of the moments: structures, neighbours, amorphous packings."""
