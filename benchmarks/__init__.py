"""What `make bench` measures: ratios taken in one run, on a disk file, with the machine's facts beside them."""
