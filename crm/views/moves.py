from django.http import HttpResponse


def move(request, **kw):
    return HttpResponse("soon")


def form(request, **kw):
    return HttpResponse("soon")
