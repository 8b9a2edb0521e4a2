"""«Lists»: contacts, companies and the company's own lists as tables – one page, one filter, one export for all."""
