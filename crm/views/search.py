from django.http import HttpResponse


def page(request, **kw):
    return HttpResponse("soon")
