"""What a contact card's QR code opens: the enterprise's own way to report, without an account."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template

from engine.errors import GridgovError, NotFound
from engine.network.units import get
from processes.centres.cards import CardRevoked
from processes.citizens import admission
from processes.citizens.admission import TooManyAtOnce
from processes.citizens.reporting import MAX_PHOTOS
from web.api.cards import open_counted
from web.edge import store
from web.pages.showing import Shown
from web.problems import status_of
from web.translation import language, t

blueprint = Blueprint("contact_card", __name__)


@blueprint.get("/card/<secret>")
def show(secret: str) -> Shown:
    try:
        card = open_counted(secret[:64])
    except NotFound as error:
        unknown = t(
            "没有这张联系卡，请核对二维码是否完整。", "There is no such card: check that the whole code was scanned."
        )
        return _refused(error, unknown)
    except (CardRevoked, TooManyAtOnce) as error:
        return _refused(error, error.text(language()))
    with store().read() as session:
        return render_template(
            "citizen/card.html",
            card=card,
            secret=secret[:64],
            contact=get(session, card.contact_unit_id),
            place=get(session, card.place_unit_id),
            token=admission.form_token(session),
            max_photos=MAX_PHOTOS,
        )


def _refused(error: GridgovError, said: str) -> Shown:
    return make_response(render_template("citizen/card_refused.html", said=said), status_of(error))
