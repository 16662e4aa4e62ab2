"""Validation of models before deployment: one small function for each rule, all findings at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.definitions.reading import Finding
from engine.definitions.rules import branches, calls, diagram, expressions, flows, outcomes, structure, tasks
from engine.definitions.rules.library import Known, Library, read_library
from engine.errors import DefinitionRefused

__all__ = ["RULES", "Known", "validate"]

RULES: tuple[Callable[[Library], Iterable[Finding]], ...] = (
    structure.elements_are_allowed,
    structure.attributes_are_allowed,
    structure.events_are_allowed,
    structure.ids_are_codes_and_unique,
    structure.nodes_of_a_closure_are_unique,
    structure.one_start_and_an_end,
    structure.boundary_events_have_hosts,
    structure.loops_are_on_calls,
    flows.flows_join_nodes,
    flows.choices_have_defaults,
    flows.only_choices_have_conditions,
    flows.only_gateways_branch,
    flows.only_gateways_join,
    flows.no_boundary_leads_back,
    flows.cycles_hold_no_parallel,
    flows.side_branches_hold_services,
    flows.everything_is_reached_and_ends,
    branches.tokens_meet_as_they_parted,
    branches.branches_of_a_part_are_joined,
    branches.branches_share_no_data,
    branches.messages_have_one_receiver,
    calls.called_processes_exist,
    calls.no_process_calls_itself,
    calls.outputs_are_set_on_every_way,
    tasks.operations_are_known,
    tasks.people_know_what_to_do,
    tasks.forms_exist,
    tasks.deadlines_have_stages,
    tasks.lanes_hold_nodes,
    outcomes.compared_values_exist,
    expressions.expressions_are_allowed,
    expressions.durations_are_iso,
    diagram.everything_is_drawn,
)


def validate(files: Mapping[str, bytes], known: Known) -> None:
    """Raise DefinitionRefused with every fault of every model, form and table."""
    library = read_library(files, known)
    findings = [*library.unreadable, *(finding for rule in RULES for finding in rule(library))]
    if findings:
        raise DefinitionRefused(list({tuple(sorted(finding.items())): finding for finding in findings}.values()))
