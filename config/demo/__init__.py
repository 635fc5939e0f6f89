"""The demonstration: a district with people, enterprises and risks, never loaded over anything real."""
