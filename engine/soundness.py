"""After an operator has moved or passed over something: is the instance still one that the rules could have made?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Conflict

if TYPE_CHECKING:
    from engine.step import Step


class Unsound(Conflict):
    """This would leave the case in a state that must never be: {why}. Nothing was changed."""

    code = "unsound"
    zh = "这样做会使事件处于不允许的状态：{why_zh}。未作任何改动。"

    def __init__(self, why: tuple[str, str]) -> None:
        """`why`: English, Chinese."""
        super().__init__(why=why[0], why_zh=why[1])


def check_sound(step: Step) -> None:
    """Ask everybody who knows a rule (`Registry.sound`), after the step is finished. Raises Unsound."""
    step.session.flush()
    for rule in step.session.env.registry.sound:
        why = rule(step)
        if why is not None:
            raise Unsound(why)
