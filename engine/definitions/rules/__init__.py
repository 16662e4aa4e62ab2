"""Validation of models before deployment: one small function for each rule, all findings at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.definitions.bundle import bundles_of
from engine.definitions.reading import Finding, fault, local
from engine.definitions.rules import (
    assigning,
    branches,
    calls,
    diagram,
    expressions,
    flows,
    foreign,
    loops,
    outcomes,
    structure,
    tasks,
)
from engine.definitions.rules.library import Known, Library, read_library
from engine.errors import DefinitionRefused
from engine.spiff.compiler import compile_bundle

__all__ = ["RULES", "Known", "validate"]

RULES: tuple[Callable[[Library], Iterable[Finding]], ...] = (
    structure.elements_are_allowed,
    structure.attributes_are_allowed,
    foreign.settings_of_other_engines,
    foreign.unknown_extensions,
    structure.events_are_allowed,
    structure.ids_are_codes_and_unique,
    structure.nodes_of_a_closure_are_unique,
    structure.one_start_and_an_end,
    structure.boundary_events_have_hosts,
    loops.loops_are_on_calls,
    loops.instances_have_a_number,
    loops.items_are_ports_of_the_call,
    loops.items_have_names_of_their_own,
    loops.loops_wait,
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
    branches.side_branches_set_nothing_that_is_read,
    branches.messages_have_one_receiver,
    calls.called_processes_exist,
    calls.ports_are_in_their_sets,
    calls.no_process_calls_itself,
    assigning.outputs_are_set_on_every_way,
    assigning.names_are_set_before_they_are_read,
    tasks.operations_are_known,
    tasks.people_know_what_to_do,
    tasks.forms_exist,
    tasks.deadlines_have_stages,
    tasks.lanes_hold_nodes,
    outcomes.compared_values_exist,
    expressions.expressions_are_allowed,
    expressions.durations_are_iso,
    expressions.dates_are_read_from_clocks,
    expressions.clocks_of_tasks_stand_on_tasks,
    diagram.everything_is_drawn,
)


def validate(files: Mapping[str, bytes], known: Known) -> None:
    """Raise DefinitionRefused with every fault of every model, form and table."""
    library = read_library(files, known)
    findings = [*library.unreadable, *({**f, "rule": rule.__name__} for rule in RULES for f in rule(library))]
    if not findings:
        findings = list(_unfit(files))
    if findings:
        places = _places(files, library)
        once = {tuple(sorted(finding.items())): finding for finding in findings}.values()
        raise DefinitionRefused([{**places.get(finding["element"], {}), **finding} for finding in once])


_READ: set[str] = set()
"""Ids of the bundles that SpiffWorkflow could read; content never changes, so it is asked once in a process."""


def _unfit(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """What SpiffWorkflow cannot read though no rule objects: better here than in the first step of a case."""
    for bundle in (each for each in bundles_of(files) if each.id not in _READ):
        try:
            compile_bundle(bundle)
            _READ.add(bundle.id)
        except Exception as error:  # noqa: BLE001 # whatever its parser raises
            reason = f"the workflow library cannot read it: {error}"
            instead = "tell the developers of gridgov: a rule is missing that should have explained this"
            yield fault(bundle.key, reason, instead, f"流程库无法读取该模型（{error}）；请联系开发者")


def _places(files: Iterable[str], library: Library) -> dict[str, Finding]:
    """Element id → its label and its file, where it has them; a file is at home in itself."""
    found: dict[str, Finding] = {file: {"file": file} for file in files}
    for file, root in library.models.items():
        for node in root.iter():
            if local(node) and node.get("id"):
                label = {"name": node.get("name")} if node.get("name") else {}
                found.setdefault(node.get("id"), {**label, "file": file})
    return found
