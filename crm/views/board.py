from django.http import HttpResponse


def home(request, **kw):
    return HttpResponse("soon")


def page(request, **kw):
    return HttpResponse("soon")


def column(request, **kw):
    return HttpResponse("soon")
