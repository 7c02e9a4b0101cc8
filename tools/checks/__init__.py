"""The checks of ./dev check, one module per kind of rule."""
