"""«Analytics»: reports on what happened, each number with the list behind it. What the numbers mean: docs/analytics.md.

A report is registered (`registry.report`), is asked by a `Question` (`asking`) and answers with `Section`s (`shapes`): the
page, the chart and the XLSX are drawn from the same table, so they cannot differ.
"""
