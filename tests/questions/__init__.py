"""Labelled questions, and the page that says how well they are understood: `python -m tests.questions`.

`development.jsonl` was seen while phrases and rules were written. `unseen-1.jsonl` and `unseen-2.jsonl` were written
apart from them and must stay so: no phrase, word or rule may be made from their lines.
"""
