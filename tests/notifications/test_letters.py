"""Writing letters: templates, placeholders, addresses, attachments, the feed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.safestring import mark_safe

from crm.models import Deal, User
from notifications import bodies, letters
from notifications.models import Message, Template, TemplateFile
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from tests.factories import NOON, make_deal


def write(deal: Deal, **kwargs) -> Message:
    facts = {"subject": "Тема", "body": "Добрый день!", "by": Actor.person(deal.owner), "now": NOON}
    return letters.queue_letter(deal=deal, **(facts | kwargs))


def test_a_letter_goes_to_the_contacts_first_email_and_into_the_feed(deal: Deal) -> None:
    letter = write(deal)
    assert (letter.to, letter.status, letter.next_try_at) == ("lead@example.com", "queued", NOON)
    entry = deal.events.get(verb="letter.queued")
    assert entry.data["message"] == letter.pk
    assert entry.data["subject"] == "Тема"
    assert entry.actor == deal.owner


def test_a_contact_without_an_email_gets_no_letter(alice: User) -> None:
    with pytest.raises(letters.NoAddress):
        write(make_deal(alice, email=""))
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "lead@example.com\nBcc: all@example.com",
        "a@b.com, c@d.com",
        "Имя <a@b.com>",
        "a@b.com\r\n",
        "никто",
        "a b@c.com",
    ],
)
def test_an_address_cannot_carry_another_header(deal: Deal, address: str) -> None:
    if address.strip() == "a@b.com":
        assert write(deal, to=address).to == "a@b.com"
        return
    with pytest.raises(letters.LetterError):
        write(deal, to=address)


@pytest.mark.parametrize(
    "subject", ["Тема\nBcc: all@example.com", "Тема\r\n\r\nтело", "а\u2028б", "а\x00б", "т" * 251]
)
def test_a_subject_is_one_line_of_bearable_length(deal: Deal, subject: str) -> None:
    with pytest.raises(letters.LetterError):
        write(deal, subject=subject)
    assert not Message.objects.exists()


def test_a_client_whose_name_has_line_breaks_cannot_inject_a_header(
    alice: User, template: Template
) -> None:
    deal = make_deal(alice, name="Сделка")
    deal.contact.name = "Злой\r\nBcc: all@example.com"
    subject, _body = letters.render(template, deal, alice)
    assert subject == "Здравствуйте, Злой Bcc: all@example.com"


@pytest.mark.parametrize("body", ["", " \n ", mark_safe("<p> </p>"), "ы" * 200_001])
def test_an_empty_or_endless_letter_is_refused(deal: Deal, body: str) -> None:
    with pytest.raises(letters.LetterError):
        write(deal, body=body)


def test_a_deal_archived_meanwhile_gets_no_letter(deal: Deal) -> None:
    Deal.objects.filter(pk=deal.pk).update(archived_at=NOON)
    with pytest.raises(RegulationError):
        write(deal)


def test_the_same_dedupe_key_makes_one_letter_and_one_entry(deal: Deal) -> None:
    first = write(deal, dedupe_key="k")
    again = write(deal, dedupe_key="k", subject="Другая")
    assert again == first
    assert deal.events.filter(verb="letter.queued").count() == 1


def test_a_letter_waits_for_its_not_before(deal: Deal) -> None:
    letter = write(deal, not_before=NOON + timedelta(minutes=1))
    assert not Message.objects.due(NOON).exists()
    assert Message.objects.due(NOON + timedelta(minutes=1)).get() == letter


def test_placeholders_are_filled_in_from_the_deal_and_who_writes(
    deal: Deal, template: Template
) -> None:
    subject, body = letters.render(template, deal, deal.owner)
    assert subject == "Здравствуйте, Алексей Лукашевич"
    assert body.replace("\xa0", " ") == (
        f"Пишет Алиса Белова, +375 17 200-00-00, о сделке «Базовое внедрение» на 150 000 {deal.currency}."
    )


def test_a_value_that_ends_with_a_full_stop_gets_no_second_one(
    deal: Deal, template: Template
) -> None:
    deal.name = "поставка до 4 декабря 2026 г."
    template.subject, template.body = "{deal}", "Жду: {deal}. Пишу о {deal}, {deal}"
    subject, body = letters.render(template, deal, deal.owner)
    assert subject == deal.name
    assert body == f"Жду: {deal.name} Пишу о {deal.name}, {deal.name}"


def test_values_are_never_read_for_placeholders_themselves(deal: Deal, template: Template) -> None:
    deal.contact.name = "{manager_phone} %(x)s {0.__class__}"
    assert (
        letters.render(template, deal, deal.owner)[0]
        == "Здравствуйте, {manager_phone} %(x)s {0.__class__}"
    )


def test_a_name_with_markup_is_escaped_in_an_html_template(deal: Deal, template: Template) -> None:
    template.body = "<p>Здравствуйте, {contact}!</p><script>alert(1)</script>"
    deal.contact.name = "<b onclick=x>Фирма & Ко</b>"
    _subject, body = letters.render(template, deal, deal.owner)
    assert body == "<p>Здравствуйте, &lt;b onclick=x&gt;Фирма &amp; Ко&lt;/b&gt;!</p>"
    letter = write(deal, body=body)
    assert letter.text == "Здравствуйте, <b onclick=x>Фирма & Ко</b>!"


def test_plain_text_becomes_safe_html(deal: Deal) -> None:
    letter = write(deal, body="Цена < 5 & скидка\nhttps://example.com/?a=1&b=2\n<script>x</script>")
    assert letter.text.startswith("Цена < 5 & скидка\n")
    assert "<script" not in letter.html
    assert 'href="https://example.com/?a=1' in letter.html
    assert "Цена &lt; 5 &amp; скидка<br>" in letter.html


def test_html_keeps_its_lines_and_links_as_text() -> None:
    html = '<p>Раз&nbsp;два</p><ul><li>один</li><li>два</li></ul><a href="https://a.by/x">сайт</a><br>конец'
    assert (
        bodies.to_text(html).replace("\xa0", " ")
        == "Раз два\n\nодин\nдва\n\nсайт (https://a.by/x)\nконец"
    )


@pytest.mark.parametrize("text", ["{contcat}", "{ имя }", "{контакт}"])
def test_an_unknown_placeholder_is_refused_by_name_when_the_template_is_saved(text: str) -> None:
    template = Template(code="x", name="x", body=f"Здравствуйте, {text}!")
    with pytest.raises(ValidationError, match=text.strip("{} ")):
        template.full_clean(validate_unique=False)


def test_braces_that_are_no_placeholder_stay(db: None) -> None:
    Template(code="x", name="x", body="<p>{ color: red } {} {1}</p>").full_clean()


def test_the_signature_is_the_playbooks_template_or_the_writers_name(
    deal: Deal, template: Template
) -> None:
    template.body = "Текст\n\n{signature}"
    assert letters.render(template, deal, deal.owner)[1].endswith(
        "Алиса Белова\n+375 17 200-00-00\nalice@example.com"
    )
    Template.objects.create(
        code="axelerator-signature",
        playbook="axelerator",
        name="Подпись",
        body="{manager}, Axelerator",
    )
    assert letters.render(template, deal, deal.owner)[1] == "Текст\n\nАлиса Белова, Axelerator"


@pytest.mark.clause("AX-3.4")
def test_a_template_comes_with_its_files_and_one_can_be_left_out(
    deal: Deal, template: Template
) -> None:
    for name in ("КП РБ.pdf", "КП РФ.pdf"):
        TemplateFile.objects.create(template=template, file=ContentFile(b"%PDF", name), name=name)
    both = write(deal, template=template, files=template.files.all())
    one = write(deal, template=template, files=template.files.all()[:1])
    assert [file.name for file in both.files.all()] == ["КП РБ.pdf", "КП РФ.pdf"]
    assert [(file.name, file.size, file.content_type) for file in one.files.all()] == [
        ("КП РБ.pdf", 4, "application/pdf")
    ]
    assert both.files.first().file.name == template.files.first().file.name


def test_an_uploaded_file_is_kept_under_its_bare_name(deal: Deal) -> None:
    letter = write(deal, files=[SimpleUploadedFile("../../etc/план.txt", "да".encode())])
    kept = letter.files.get()
    assert kept.name == "план.txt"
    assert kept.file.read().decode() == "да"
    assert ".." not in kept.file.name


def test_files_too_large_together_are_refused(deal: Deal) -> None:
    half = b"x" * (letters.FILES_LIMIT // 2 + 1)
    with pytest.raises(letters.LetterError, match="18"):
        write(deal, files=[SimpleUploadedFile("a", half), SimpleUploadedFile("b", half)])
    assert not Message.objects.exists()


def test_a_template_file_gone_from_the_disk_is_said_at_once(deal: Deal, template: Template) -> None:
    file = TemplateFile.objects.create(
        template=template, file=ContentFile(b"x", "a.pdf"), name="a.pdf"
    )
    Path(file.file.path).unlink()
    with pytest.raises(letters.LetterError, match=r"a\.pdf"):
        write(deal, files=[file])


def test_only_a_failed_letter_is_sent_again(deal: Deal) -> None:
    letter = write(deal)
    with pytest.raises(letters.LetterError):
        letters.retry_message(letter, by=Actor.person(deal.owner), now=NOON)


def test_a_broker_that_is_away_costs_a_letter_nothing(
    deal: Deal, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    import time

    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    begun = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        letter = write(deal)
    assert time.monotonic() - begun < 2
    assert Message.objects.due(NOON).get() == letter


def test_a_letter_is_visible_with_its_deal_only(
    deal: Deal, bob: User, olga: User, charlie: User
) -> None:
    write(deal)
    seen = {
        user.email: Message.objects.visible_to(user).count()
        for user in (deal.owner, bob, olga, charlie)
    }
    assert list(seen.values()) == [1, 0, 1, 0]
