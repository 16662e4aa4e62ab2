"""Imports every module that declares tables, so that migrations and tests see all of them."""

import engine.access_log
import engine.calendar
import engine.commands
import engine.deadlines.book
import engine.definitions.migrating_runs
import engine.definitions.models
import engine.incidents
import engine.instances
import engine.network.areas
import engine.network.people
import engine.network.units
import engine.notices
import engine.outbox
import engine.scheduler
import engine.sign_in.attempts
import engine.sign_in.credentials
import engine.sign_in.sessions
import engine.timers
import engine.trail.entries
import engine.vault
import engine.worklist
import processes.activities.models
import processes.attachments
import processes.bulletins.models
import processes.cases.following
import processes.cases.models
import processes.centres.models
import processes.consultations.models
import processes.demo.runs
import processes.mediations.models
import processes.postponing.models
import processes.procedures.models
import processes.requests.models
import processes.supervisions.models
import processes.views.models
import processes.visits.models
import processes.whistles.models

__all__ = ["engine", "processes"]
