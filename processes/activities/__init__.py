"""The activity log (活动台账): publicity, meetings, trials on site, covenants, campaigns."""
