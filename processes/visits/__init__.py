"""The front desk (只进一扇门): a visitor is received once; every window hangs on the same number."""
