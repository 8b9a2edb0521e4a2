"""What is said in the demo's deals, and the one page of PDF that stands for every document."""

from __future__ import annotations

DEALS = [
    "Базовое внедрение", "Внедрение воронки", "Аудит продаж", "Интеграция с телефонией", "Перенос из таблиц",
    "Обучение менеджеров", "Виджет для сайта", "Доработка отчётов", "Внедрение под ключ", "Сопровождение на год",
]  # fmt: skip
FIRST = [
    "Просит перезвонить после обеда.",
    "Пришёл по совету знакомых, торопится.",
    "Спрашивает цену за пять пользователей.",
]
QUALIFIED = [
    "Отдел вырос, заявки теряются. Нужна воронка и звонки из карточки.",
    "Хочет видеть, кто сколько обработал. Бюджет согласует с партнёром.",
    "Уже пробовали сами, запутались. Ждёт предложение до пятницы.",
]
TASKS = [
    "Не терять заявки с сайта, видеть воронку целиком",
    "Отчёт по менеджерам и напоминания о звонках",
    "Собрать звонки, почту и мессенджеры в одном месте",
]
ASKED = [
    "Уточнил сроки и что входит в цену",
    "Просит пример отчёта для директора",
    "Спрашивает, кто будет вести проект",
]
AGREED = [
    "Мы согласны, начинаем! Высылайте договор.",
    "Условия подходят, реквизиты пришлю сегодня.",
    "Поехали. Счёт можно на ООО.",
]
REFUSED = [
    "Спасибо, но для нас это дорого. В этом году не потянем.",
    "Решили отложить до осени, сейчас не до этого.",
]
NEXT = [
    "Позвонить: что решили по предложению",
    "Узнать, согласовали ли бюджет",
    "Напомнить о встрече",
    "Выслать пример отчёта",
]


def _pdf() -> bytes:
    """A page with one line of text; offsets counted, so that every reader opens it."""
    stream = b"BT /F1 18 Tf 72 760 Td (Demo document) Tj ET"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    text, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(parts) + 1
    return text + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, len(text),
    )  # fmt: skip


PDF = _pdf()
