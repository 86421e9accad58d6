"""A second process that carries out small uploads beside the first."""
