"""The configuration: strict YAML in, frozen models out.

`load.load(path)` gives a `models.Config`; `describe.describe(config)` shows it without secrets;
`peek.peek(path)` is the little that client commands need. Nothing is imported here: commands that
peek must start without pydantic.
"""
