from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from processes import models_folder
from web.cli.checking import check

CAMUNDA = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="Definitions_1"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="http://bpmn.io/schema/bpmn"
    exporter="Camunda Modeler" exporterVersion="5.0.0">
  <bpmn:process id="leave" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="approve" />
    <bpmn:userTask id="approve" name="审批请假" camunda:assignee="demo" camunda:formKey="embedded:leave" />
    <bpmn:sequenceFlow id="f2" sourceRef="approve" targetRef="notify" />
    <bpmn:serviceTask id="notify" name="通知" camunda:class="com.example.Notify" />
    <bpmn:sequenceFlow id="f3" sourceRef="notify" targetRef="end" />
    <bpmn:endEvent id="end"><bpmn:errorEventDefinition id="ErrorEventDefinition_1" /></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


def checked(*paths: Path) -> tuple[int, str]:
    result = CliRunner().invoke(check, [str(each) for each in paths])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_the_delivered_models_can_be_deployed() -> None:
    assert checked(models_folder()) == (0, "ok: can be deployed\n")


def test_one_of_the_delivered_models_is_checked_by_itself() -> None:
    """Its forms and stages are those that come with gridgov."""
    assert checked(models_folder() / "request.bpmn")[0] == 0


def test_everything_is_told_at_once_with_the_elements_names(tmp_path: Path) -> None:
    model = tmp_path / "leave.bpmn20.xml"
    model.write_text(CAMUNDA, encoding="utf-8")
    code, said = checked(model)
    lines = said.splitlines()
    assert code == 1
    assert lines[0] == f"{model}:"
    for line in (
        "approve “审批请假”: assignee, formKey: settings of Camunda 7 → the properties unit and role; "
        "the property form, and a JSON Schema in forms/",
        "approve “审批请假”: no unit, role, form, deadline → spiffworkflow:properties with unit, role, form, deadline",
        "notify “通知”: class: settings of Camunda 7 → a service task with a registered operation",
        "end: errorEventDefinition is not allowed → an `outcome` that an exclusive gateway reads",
    ):
        assert f"  {line}" in lines
    assert any(line.startswith("  approve “审批请假”: has no shape") for line in lines)
    assert lines[-1] == f"{len(lines) - 2} findings"


def test_the_language_of_the_terminal_is_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    model = tmp_path / "leave.bpmn"
    model.write_text(CAMUNDA, encoding="utf-8")
    said = checked(model)[1]
    assert "  approve「审批请假」：用户任务缺少属性 unit, role, form, deadline；请在 properties 中补充" in said
    assert "处问题" in said


def test_files_that_are_no_models_are_told_too(tmp_path: Path) -> None:
    for name, content in (("page.bpmn", "<html/>"), ("notes.txt", "hello"), ("form.json", "{"), ("deadlines.dmn", "<")):
        (tmp_path / name).write_text(content)
    code, said = checked(*sorted(tmp_path.iterdir()))
    assert code == 1
    headings = [line for line in said.splitlines() if not line.startswith(" ") and line.endswith(":")]
    assert headings == [f"{path}:" for path in sorted(tmp_path.iterdir())]
    assert said.count("not XML") == 2
    assert "is not BPMN 2.0" in said
