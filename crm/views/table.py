from django.http import HttpResponse


def page(request, **kw):
    return HttpResponse("soon")


def move_many(request, **kw):
    return HttpResponse("soon")
