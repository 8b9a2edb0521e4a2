"""Taking records in from a file: read, map, check, carry out by a batch, take back.

`files` reads any spreadsheet or CSV into rows of plain values; `targets` knows the fields of what is imported and cleans a
value for each; `checking` goes through the whole file before anything is made; `kind` makes each row by the verbs that the
pages use. docs/import.md says what people need to know.
"""
