"""Tasks in their windows: outcomes with questions, done, postponed, changed, cancelled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Deal, Task
from pipelines.actor import Actor
from tests.clauses.steps import at_stage, call_task, fresh, move, task_of
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def text_of(response):
    return response.content.decode()


@pytest.mark.clause("AX-2.5")
def test_a_task_is_not_finished_without_a_result_and_the_window_says_so(client, alice):
    task = Task.objects.get(deal=make_deal(alice))
    client.force_login(alice)
    response = client.post(f"/tasks/{task.pk}/done/", {"result": " ", "revision": 0}, **HTMX)
    assert response.status_code == 422
    assert "invalid-feedback" in text_of(response)
    assert (
        client.post(
            f"/tasks/{task.pk}/done/",
            {"result": "договорились", "revision": 0, "no_next": "1"},
            **HTMX,
        ).status_code
        == 204
    )
    assert fresh(task).result == "договорились"


@pytest.mark.clause("AX-4.7")
def test_an_outcome_asks_its_question_and_an_empty_answer_means_the_period(client, alice):
    deal = at_stage(alice, "kp_sent", now=timezone.now())
    task = task_of(deal, "objections")
    client.force_login(alice)
    window = text_of(client.get(f"/tasks/{task.pk}/outcome/thinks/", **HTMX))
    assert 'name="call_back"' in window
    assert "datetime-local" in window
    response = client.post(
        f"/tasks/{task.pk}/outcome/thinks/", {"revision": 0, "call_back": "когда-нибудь"}, **HTMX
    )
    assert response.status_code == 422
    assert "invalid-feedback" in text_of(response)
    assert fresh(task).state == "open"
    assert (
        client.post(f"/tasks/{task.pk}/outcome/thinks/", {"revision": 0}, **HTMX).status_code == 204
    )
    call = Task.objects.get(deal=deal, code="call_back")
    assert timedelta(days=6) < call.due_at - timezone.now() < timedelta(days=8)
    assert Deal.objects.get(pk=deal.pk).stage.code == "attempts"


def test_an_outcome_that_the_regulation_refuses_asks_for_the_missing_fields_in_the_same_window(
    client, alice, catalog_with_budget_at_start
):
    deal = at_stage(alice, "attempts")
    task = call_task(deal)
    client.force_login(alice)
    response = client.post(
        f"/tasks/{task.pk}/outcome/agreed/", {"revision": 0, "result": "да"}, **HTMX
    )
    page = text_of(response)
    assert response.status_code == 422
    assert "AX-TEST" in page
    assert 'name="finish_wish"' not in page
    assert 'name="decides"' in page
    assert "да" in page
    assert fresh(task).state == "open"
    data = {"revision": 0, "result": "да", "code": "decides", "decides": "директор"}
    assert client.post(f"/tasks/{task.pk}/outcome/agreed/", data, **HTMX).status_code == 204
    deal = Deal.objects.get(pk=deal.pk)
    assert deal.stage.code == "start"
    assert deal.values["decides"] == "директор"


@pytest.fixture
def catalog_with_budget_at_start(axelerator):
    """«Согласован старт» asks who decides, as an administrator may add it."""
    import uuid

    from pipelines import catalog
    from pipelines.models import Pipeline, Rule, Stage

    stage = Stage.objects.get(pipeline__code="leads", code="start")
    Rule.objects.create(
        pipeline=stage.pipeline, stage=stage, code="start.who", clause="AX-TEST", when="enter", effect="require",
        name="fields", params={"codes": ["decides"]},
    )  # fmt: skip
    Pipeline.objects.filter(pk=stage.pipeline_id).update(stamp=uuid.uuid4())
    catalog.refresh()
    yield
    catalog.forget()


def test_an_outcome_of_a_finished_task_answers_409(client, alice):
    deal = at_stage(alice, "taken")
    task = task_of(deal, "qualify")
    client.force_login(alice)
    data = {"revision": 0, "result": "да", "no_next": "1"}
    assert client.post(f"/tasks/{task.pk}/outcome/talked/", data, **HTMX).status_code == 204
    for path in ("outcome/talked/", "done/", "postpone/", "cancel/"):
        data = {"revision": 0, "result": "ещё раз", "due_at": "2026-12-01T10:00"}
        assert client.post(f"/tasks/{task.pk}/{path}", data, **HTMX).status_code == 409, path


def test_a_window_that_shows_an_older_task_changes_nothing(client, alice):
    deal = at_stage(alice, "taken")
    task = task_of(deal, "qualify")
    client.force_login(alice)
    assert (
        client.post(f"/tasks/{task.pk}/outcome/no_answer/", {"revision": 0}, **HTMX).status_code
        == 204
    )
    response = client.post(
        f"/tasks/{task.pk}/outcome/talked/", {"revision": 0, "result": "да"}, **HTMX
    )
    assert response.status_code == 422
    assert fresh(task).state == "open"


def test_an_outcome_that_is_not_offered_here_is_refused(client, alice):
    task = Task.objects.get(deal=make_deal(alice))
    client.force_login(alice)
    assert (
        client.post(f"/tasks/{task.pk}/outcome/agreed/", {"revision": 0}, **HTMX).status_code == 422
    )
    assert (
        client.post(f"/tasks/{task.pk}/outcome/nonsense/", {"revision": 0}, **HTMX).status_code
        == 422
    )


@pytest.mark.clause("AX-9.9")
def test_only_the_head_confirms_or_reopens_a_closing(client, alice, olga):
    deal = at_stage(alice, "refused")
    task = task_of(deal, "control_closing")
    client.force_login(alice)
    refused = client.post(f"/tasks/{task.pk}/outcome/closing_confirmed/", {"revision": 0}, **HTMX)
    assert refused.status_code == 422
    assert "AX-9.9" in text_of(refused)
    client.force_login(olga)
    data = {"revision": 0, "result": "рано закрыли"}
    assert (
        client.post(f"/tasks/{task.pk}/outcome/closing_reopened/", data, **HTMX).status_code == 204
    )
    assert Deal.objects.get(pk=deal.pk).stage.code == "new"


def test_a_task_is_nobody_elses(client, alice, charlie):
    task = Task.objects.get(deal=make_deal(alice))
    client.force_login(charlie)
    for path in ("outcome/talked/", "done/", "postpone/", "edit/", "cancel/"):
        assert client.get(f"/tasks/{task.pk}/{path}").status_code == 404, path
        assert client.post(f"/tasks/{task.pk}/{path}", {"result": "x"}).status_code == 404, path


def test_a_new_task_is_set_on_the_deal(client, alice):
    deal = make_deal(alice, now=timezone.now())
    client.force_login(alice)
    due = (timezone.localtime() + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")
    data = {"text": "Выслать пример", "kind": "letter", "due_at": due}
    assert client.post(f"/deals/{deal.pk}/task/", data, **HTMX).status_code == 204
    task = Task.objects.get(deal=deal, kind="letter")
    assert task.owner == alice
    assert task.text == "Выслать пример"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "я" * 501},
        {"due_at": ""},
        {"due_at": "завтра"},
        {"due_at": "0001-01-01T00:00"},
        {"due_at": "9999-12-31T23:59"},
        {"kind": "party"},
    ],
)
def test_a_task_that_makes_no_sense_is_asked_for_again_with_what_was_typed(client, alice, wrong):
    deal = make_deal(alice)
    client.force_login(alice)
    data = {"text": "Позвонить ещё", "kind": "call", "due_at": "2026-12-01T10:00"} | wrong
    response = client.post(f"/deals/{deal.pk}/task/", data, **HTMX)
    assert response.status_code == 422
    assert "invalid-feedback" in text_of(response)
    assert Task.objects.filter(deal=deal).count() == 1


def test_a_task_is_postponed_changed_and_cancelled(client, alice):
    deal = make_deal(alice, now=timezone.now())
    task = Task.objects.get(deal=deal)
    client.force_login(alice)
    later = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert (
        client.post(
            f"/tasks/{task.pk}/postpone/", {"due_at": later, "revision": 0}, **HTMX
        ).status_code
        == 204
    )
    data = {"text": "Иначе", "kind": "meeting", "due_at": later, "revision": 1}
    assert client.post(f"/tasks/{task.pk}/edit/", data, **HTMX).status_code == 204
    assert (fresh(task).text, fresh(task).kind) == ("Иначе", "meeting")
    data = {"reason": "дубль", "no_next": "1"}
    assert client.post(f"/tasks/{task.pk}/cancel/", data, **HTMX).status_code == 204
    assert fresh(task).state == "cancelled"


def test_without_javascript_the_window_is_a_page_and_the_answer_a_redirect(client, alice):
    task = Task.objects.get(deal=make_deal(alice))
    client.force_login(alice)
    assert "<html" in text_of(client.get(f"/tasks/{task.pk}/done/"))
    response = client.post(f"/tasks/{task.pk}/done/", {"result": "готово", "no_next": "1"})
    assert response.status_code == 302
    assert response["Location"] == f"/deals/{task.deal_id}/"


def test_a_task_finished_by_its_outcome_alone_is_not_waved_through(client, alice):
    deal = at_stage(alice, "qualified")
    task = task_of(deal, "send_kp")
    client.force_login(alice)
    page = text_of(client.get(f"/deals/{deal.pk}/"))
    assert f"/tasks/{task.pk}/done/" not in page
    assert f"/tasks/{task.pk}/outcome/kp_mailed/" in page
    assert (
        client.post(f"/tasks/{task.pk}/done/", {"result": "ну", "revision": 0}, **HTMX).status_code
        == 422
    )


def test_moves_made_meanwhile_answer_for_themselves(client, alice):
    deal = at_stage(alice, "kp_sent")
    task = task_of(deal, "objections")
    move(deal, "discussed", by=Actor.person(alice), now=NOON)
    client.force_login(alice)
    data = {"revision": 0, "result": "да"}
    assert client.post(f"/tasks/{task.pk}/outcome/agreed/", data, **HTMX).status_code == 204
    assert Deal.objects.get(pk=deal.pk).stage.code == "start"
