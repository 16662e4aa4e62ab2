"""The demo district: 顺庆区 with its real subdistricts and villages; grids, cells and people are made up."""
