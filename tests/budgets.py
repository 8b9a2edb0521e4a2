"""How many SQL statements a page may cost, whatever the rows: data for `test_budgets.py`.

What every page costs is counted in: the user, the stamps of the regulation, the user's roles and the people below him.
The session is read from the cache.
"""

# The path (with {deal}: the number of a deal the reader sees), and the most statements a head of sales may cost.
PAGES: dict[str, int] = {
    # 4 for every page; the columns' totals, the cards
    "/deals/": 6,
    # … and what the filter's form offers: people and tags
    "/deals/?q=deal&filters=open": 8,
    "/deals/column/?column=new": 5,
    # the page of deals, the counters
    "/deals/table/": 6,
    "/deals/table/?stage=new&budget_from=1": 8,
    # deals, contacts, companies
    "/search/?q=иван": 7,
    # and once more in the other keyboard layout, where nothing was found
    "/search/?q=bdfy": 10,
    # whose tasks one may see, the tasks, the deals without a task
    "/tasks/": 7,
    # 4 for every page; the deal, what its stages ask, tasks, offers, points, tags, files, continuations, people, the feed
    "/deals/{deal}/": 18,
    "/deals/{deal}/feed/": 8,
    "/deals/new/": 6,
}
