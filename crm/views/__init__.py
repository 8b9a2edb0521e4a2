"""The pages: find through `visible_to`, parse a form, call one verb, render a page or its part."""
