"""Documents for people to sign, print and post: filled templates as Word files and PDF."""
