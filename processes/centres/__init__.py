"""The legal service centre (法务服务中心): residents, windows, rooms, duties, rules and contact cards."""
