"""How many SQL statements a page may cost, whatever the rows: data for `test_budgets.py`.

What every page costs is counted in: one statement for the user, his roles, the people below him and the stamps of the
regulation. The session is read from the cache.
"""

# The path (with {deal}: the number of a deal the reader sees), and the most statements a head of sales may cost.
PAGES: dict[str, int] = {
    # 1 for every page; the columns' totals, the cards, how many deals have no task
    "/deals/": 4,
    # … and what the filter's form offers: people and tags
    "/deals/?q=deal&filters=open": 6,
    "/deals/column/?column=new": 2,
    # the page of deals, the counters
    "/deals/table/": 3,
    "/deals/table/?stage=new&budget_from=1": 5,
    # deals, contacts, companies
    "/search/?q=иван": 4,
    # and once more in the other keyboard layout, where nothing was found
    "/search/?q=bdfy": 7,
    # 1 for every page; the tasks, which of their deals one sees, the deals without a task
    "/tasks/": 4,
    # … and people to choose from, and how many there are
    "/tasks/?owner=all&type=call&q=деал": 4,
    "/tasks/calendar/": 1,
    "/tasks/calendar/feed/?start=2026-03-01T00:00&end=2026-04-12T00:00": 2,
    # those that last, are to come, are over
    "/leaves/": 4,
    # 1 for every page; the deal, what is around it, tasks, people, the invoices, the feed.
    # Offers, files, continuations and proofs cost one each where there are any, letters two.
    "/deals/{deal}/": 7,
    # the deal, its entries, what is pinned
    "/deals/{deal}/feed/": 4,
    # the notices; the bell's count comes with the reader
    "/notices/?unread=1": 2,
    "/notices/bell/": 2,
    "/profile/": 2,
    # the new notices, how many wait, which deals one may hear, the feed's latest entries, whose deals these are
    "/live/poll/?since=1&topics=deal:{deal},pipeline:1": 6,
    # the columns' totals, the cards
    "/live/board/?deals={deal}": 3,
    "/deals/new/": 2,
    # 1 for every page; the record, its points, deals, tasks, people to give it to, its life, its files, the feed in two
    # and those merged into it, the rights of the reader's roles,
    # what is pinned
    "/contacts/{contact}/": 12,
    # … and its contacts with their points
    "/companies/{company}/": 14,
    # 1 for every page; whose there are, the records, their points, their open deals
    # … how many, people to give to, the lists to choose from; the choice of this one, kept once
    "/contacts/": 10,
    # … and people to ask for
    "/contacts/?owner=me&deals=without&filters=open": 10,
    # the filters of all lists, the lists there are
    "/filters/contact/": 3,
    "/contacts/?q=иван": 10,
    "/companies/": 10,
    # 1 for every page; the regulation, its clauses, rules and their conditions, three counts of the month,
    # the head's people with roles and teams, and who of them has read it
    "/regulation/axelerator/": 12,
    # 1 for every page; the regulation, the clause, how many, the rows, their rules with conditions, their deals
    "/regulation/axelerator/AX-1.2a/refusals/": 8,
    "/regulation/axelerator/AX-L6/runs/": 8,
    # how many there are, the batches
    "/batches/": 3,
    # the tasks with their deals, the deals' passages, recordings
    "/control/": 4,
    # 1 for every page; names of the people, a statement a widget, two for the limits and for the licences; the slow
    # ones come by themselves
    "/desktop/": 11,
    # tasks, deals, licences, how many are done
    "/day/": 5,
    # people, deals, tasks, violations, the worst
    "/day/team/": 6,
    # people, teams, sales, goals, the last changes with the teams they are of
    "/goals/": 7,
    # 1 for every page, what the filter offers in four (people, teams with their members, tags). The funnel: its passages, those
    # of the period before, the lost, those who stand now
    "/analytics/funnel/?period=last_90_days": 9,
    # sales now and before, their people and tags in two, what was won and lost with its people
    "/analytics/sales/?period=last_90_days": 12,
    # the pipeline's goals, else those over all pipelines; what was sold, people, teams and who has left in one each
    "/analytics/plan/?period=last_90_days": 10,
    "/analytics/work/?period=last_90_days": 13,
    # how many, the page, their events, people, deals and clients
    "/analytics/calls/?period=last_90_days": 11,
}
