"""Release notes: what changed between two releases, by whom, and of which components; written, checked, drafted.

`model` is plain data. `body` renders it, and `reading` reads rendered or hand-written notes back. Everything from
outside, such as titles, is data here: it never becomes markup, a mention or a link of the notes.
"""
