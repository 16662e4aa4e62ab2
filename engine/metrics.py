"""Prometheus metrics of the engine; times are seconds."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

STEPS = Counter("gridgov_steps_total", "Steps written")
STEP_SECONDS = Histogram("gridgov_step_seconds", "Time of a unit of work that writes")
TIMER_LATENESS = Histogram(
    "gridgov_timer_lateness_seconds",
    "How late timers fired",
    buckets=(1, 5, 10, 60, 600, 3600, 86400, float("inf")),
)
TIMERS_ARMED = Gauge("gridgov_timers_armed", "Timers that wait")
TIMERS_DUE = Gauge("gridgov_timers_due", "Timers that are due and have not fired; how far a long sweep has come")
TIMER_DRIFT = Gauge("gridgov_timer_drift", "Timers whose row and state disagree; must be 0")
INCIDENTS_OPEN = Gauge("gridgov_incidents_open", "Incidents that nobody has resolved")
OUTBOX_PENDING = Gauge("gridgov_outbox_pending", "Effects that are still to be delivered")
OUTBOX_ATTEMPTS = Counter("gridgov_outbox_attempts_total", "Deliveries tried", ["topic", "result"])
SWEEP_SECONDS = Histogram("gridgov_sweep_seconds", "Time of one sweep over due timers")
WORKERS_ALIVE = Gauge("gridgov_workers_alive", "Workers with a heartbeat in the last twenty seconds")
TIMER_OLDEST_DUE = Gauge("gridgov_timer_oldest_due_seconds", "Since when the oldest due timer waits")
OUTBOX_OLDEST = Gauge("gridgov_outbox_oldest_seconds", "Age of the oldest effect that is still to be delivered")
OUTBOX_FAILED = Gauge("gridgov_outbox_failed", "Effects that were given up and wait for a person")
DISK_FREE = Gauge("gridgov_disk_free_bytes", "Free space where the SQLite database lies")
CALENDAR_DAYS = Gauge("gridgov_calendar_days_ahead", "Days ahead for which the working calendar is official")
