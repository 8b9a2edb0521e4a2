"""Many records changed in one go, row by row, in the background where they are many, and put back for thirty days.

What is done to a row is a *kind*, registered by whoever knows how to do it (`crm.batches.kinds`):

    @kinds.kind("tasks.postpone", label=_("Move tasks"), record="task")
    class Postpone(kinds.Kind):
        def do(self, row, batch, *, by, now):
            task = row.subject                     # read and locked; None never comes here
            before = task.due_at.isoformat()
            postpone_task(task, due_at=parse_datetime(batch.params["due_at"]), by=by, now=now)
            return {"due_at": before}              # kept as `row.before`: what `undo` needs
        def undo(self, row, batch, *, by, now):
            postpone_task(row.subject, due_at=parse_datetime(row.before["due_at"]), by=by, now=now)
        def lost(self, batch):
            return [_("Reminders that have gone out stay sent.")]

and started with (`crm.batches.verbs`)

    batch = verbs.start("tasks.postpone", title=_("12 tasks to Friday"), params={"due_at": …},
                        rows=[NewRow(record_id=task.pk, name=str(task)), …], by=me, now=now)
    return redirect(batch)                         # its page: progress, report per row, «Undo»

`do` calls the verbs that a page calls, so that rights and guards are asked for each row. A `RegulationError` refuses the
row with its sentence and stops no other; it may be raised at any moment, for what the row did is taken back. Up to
`verbs.FOREGROUND` rows are done before `start` returns, more by Celery. Rows that make their record (an import) have no
`record`: they carry a `payload`, and `do` notes what it made by setting `row.record`, `row.record_id` and `row.name`.
"""
