"""The people of the demo: who sells and who heads whom, and the clients' names, phones and companies."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from crm import roles
from crm.models import Team, User

PASSWORD = "demo"  # noqa: S105 (printed at the end; the demo is for looking at)
DOMAIN = "demo.example"
# Whose stories are told in Python (`story`); the others' are files beside them.
OWN = "axelerator"


@dataclass(frozen=True)
class Cast:
    managers: list[User]
    heads: list[User]
    account_manager: User
    everybody: list[tuple[User, str]]


def hire() -> Cast:
    """The users with their roles and teams: a head of two teams, one of them with a head of its own."""
    admin = _user(
        "admin", "Анна", "Администратор", [roles.CRM_ADMIN], is_staff=True, is_superuser=True
    )
    olga = _user("olga", "Ольга", "Руденко", [roles.HEAD])
    maxim = _user("maxim", "Максим", "Савицкий", [roles.HEAD])
    sales = Team.objects.create(name="Отдел продаж", head=olga, playbook=OWN)
    minsk = Team.objects.create(name="Минская группа", head=olga, parent=sales)
    moscow = Team.objects.create(name="Московская группа", head=maxim, parent=sales)
    managers = [
        _user("alice", "Алиса", "Ковалёва", [roles.MANAGER], team=minsk),
        _user("boris", "Борис", "Лаптев", [roles.MANAGER], team=minsk),
        _user("vera", "Вера", "Соколова", [roles.MANAGER], team=moscow, time_zone="Europe/Moscow"),
        _user("gleb", "Глеб", "Журавлёв", [roles.MANAGER], team=moscow, time_zone="Europe/Moscow"),
    ]
    for head in (olga, maxim):
        head.team = sales
        head.save(update_fields=["team"])
    clients = Team.objects.create(name="Клиентский отдел", playbook=OWN)
    account = _user("daria", "Дарья", "Климович", [roles.ACCOUNT_MANAGER], team=clients)
    refunds = _user("egor", "Егор", "Титов", [roles.REFUNDS], team=clients)
    robot = _user("robot", "Робот", "Reglament", [roles.ROBOT])
    robot.set_unusable_password()
    robot.save(update_fields=["password"])
    everybody = [
        (admin, "администратор"),
        (olga, "руководитель продаж, обе группы"),
        (maxim, "руководитель Московской группы"),
        *((person, "менеджер") for person in managers),
        (account, "аккаунт-менеджер"),
        (refunds, "менеджер по возвратам"),
    ]
    return Cast(managers, [olga, maxim], account, everybody)


def hire_team(playbook: str, told: dict[str, Any]) -> list[tuple[User, list[str], str]]:
    """A company's own team as its file tells it: each person with his roles and what the demo calls him."""
    team = Team.objects.create(name=told["name"], playbook=playbook)
    hired = []
    for person in told["people"]:
        user = _user(
            person["email"],
            person["name"],
            person["surname"],
            person["roles"],
            team=team,
            time_zone=told["time_zone"],
        )
        if roles.ROBOT in person["roles"]:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        if roles.HEAD in person["roles"]:
            team.head = user
            team.save(update_fields=["head"])
        hired.append((user, person["roles"], person["as"]))
    return hired


def _user(name: str, first: str, last: str, groups: list[str], **extra: object) -> User:
    number = sum(map(ord, name)) * 7919 % 9000000 + 1000000
    known = {"time_zone": "Europe/Minsk", "phone": f"+37529{number}", "password": _hashed()}
    user = User.objects.create(
        email=f"{name}@{DOMAIN}", first_name=first, last_name=last, **(known | extra)
    )
    user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    return user


@cache
def _hashed() -> str:
    """The one password hashed once: a hash is slow on purpose."""
    return make_password(PASSWORD)


@dataclass(frozen=True)
class Client:
    name: str
    company: str
    phone: str
    email: str
    niche: str
    city: str


MEN = [
    "Алексей",
    "Андрей",
    "Дмитрий",
    "Егор",
    "Игорь",
    "Кирилл",
    "Николай",
    "Павел",
    "Роман",
    "Сергей",
    "Тимур",
    "Юрий",
]
MEN_FATHERS = [
    "Николаевич",
    "Сергеевич",
    "Викторович",
    "Петрович",
    "Андреевич",
    "Олегович",
    "Игоревич",
    "",
]
WOMEN = [
    "Алёна",
    "Виктория",
    "Галина",
    "Елена",
    "Ирина",
    "Ксения",
    "Марина",
    "Наталья",
    "Оксана",
    "Полина",
    "Светлана",
]
WOMEN_FATHERS = [
    "Николаевна",
    "Сергеевна",
    "Викторовна",
    "Петровна",
    "Андреевна",
    "Олеговна",
    "Игоревна",
    "",
]
SURNAMES = [
    "Лукашевич", "Шевченко", "Мазур", "Климович", "Жук", "Бойко", "Карпович", "Сташевич", "Гончар", "Ткач",
    "Дубровский", "Вершинин", "Крылов", "Белов", "Орлов", "Назаров", "Фомин", "Громов", "Ларин", "Зорин",
]  # fmt: skip
COMPANIES = [
    ("ООО «Белстройдом»", "строительство"), ("ООО «Окна Плюс»", "окна и двери"), ("ЧУП «МедЛайн»", "медицинский центр"),
    ("ОАО «Гродноагро»", "агропром"), ("ООО «Турбюро Маршрут»", "туризм"), ("ИП Сташевич А. В.", "автосервис"),
    ("ООО «Школа Лингва»", "языковые курсы"), ("ООО «Мебель Мастер»", "мебель на заказ"), ("ООО «Теплоком»", "отопление"),
    ("ЧУП «ПринтХаус»", "типография"), ("ООО «Ландшафт Сервис»", "озеленение"), ("ООО «Юрист и Партнёры»", "юридические услуги"),
    ("ООО «АвтоТрейд»", "автозапчасти"), ("ЗАО «Логистик Групп»", "грузоперевозки"), ("ООО «Фитнес Сити»", "фитнес-клубы"),
    ("ООО «Стоматология 32»", "стоматология"), ("ИП Мазур Е. П.", "свадебные торты"), ("ООО «Кровля Регион»", "кровля и фасады"),
    ("ООО «ЭкоВода»", "доставка воды"), ("ООО «Новострой Риэлт»", "недвижимость"),
]  # fmt: skip
CITIES = [
    "Минск",
    "Гродно",
    "Брест",
    "Гомель",
    "Витебск",
    "Могилёв",
    "Москва",
    "Смоленск",
    "Санкт-Петербург",
    "Казань",
]
LATIN = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхыэ", "abvgdeziyklmnoprstufhye", strict=True)),
        "ё": "e",
        "ж": "zh",
        "ц": "c",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ъ": "",
        "ь": "",
        "ю": "yu",
        "я": "ya",
    }
)


def client(chance: random.Random, number: int) -> Client:
    """A client nobody knows: numbers and domains of no one, names of anybody."""
    if chance.random() < 0.55:
        first, father, surname = (
            chance.choice(MEN),
            chance.choice(MEN_FATHERS),
            chance.choice(SURNAMES),
        )
    else:
        first, father, surname = (
            chance.choice(WOMEN),
            chance.choice(WOMEN_FATHERS),
            chance.choice(SURNAMES),
        )
        surname += "а" if surname.endswith(("ов", "ин")) else ""
        surname = surname[:-2] + "ая" if surname.endswith("ий") else surname
    company, niche = COMPANIES[number % len(COMPANIES)]
    mobile = chance.choice(["+37529", "+37533", "+37544"]) if chance.random() < 0.7 else "+7900"
    domain = chance.choice(["example.com", "example.org", "example.net", "klient.example"])
    return Client(
        name=" ".join(filter(None, (first, father, surname))),
        company=company,
        phone=f"{mobile}{chance.randint(1000000, 9999999)}",
        email=f"{first.lower()}.{surname.lower()}".translate(LATIN) + f"{number}@{domain}",
        niche=niche,
        city=chance.choice(CITIES),
    )
