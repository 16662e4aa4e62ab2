"""Cases (事件): one matter from report to archive."""
