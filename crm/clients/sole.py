"""The one deal of a client in a pipeline: claimed by a row that the database lets exist once."""

from __future__ import annotations

from crm.clients.lives import client_of
from crm.models import Deal, SoleDeal


def claim(sale: Deal, pipeline: int) -> SoleDeal | None:
    """The (locked) place of the sale's client in the pipeline, with his deal there if he has one; None without a client.

    Whoever comes second waits for the first, and finds his deal. One opened by hand counts; an archived one does not.
    """
    if not (client := client_of(sale)):
        return None
    place, _created = SoleDeal.objects.get_or_create(pipeline_id=pipeline, **client)
    place = SoleDeal.objects.select_for_update(of=("self",)).select_related("deal").get(pk=place.pk)
    if place.deal is None or place.deal.archived_at:
        here = Deal.objects.filter(pipeline=pipeline, archived_at=None, **client)
        if "contact_id" in client:
            here = here.filter(company=None)
        occupy(place, here.order_by("pk").first())
    return place


def occupy(place: SoleDeal, deal: Deal | None) -> None:
    if place.deal != deal:
        place.deal = deal
        place.save(update_fields=["deal"])
