"""Requests (请示审批): an extension or a suspension asked of the superior."""
