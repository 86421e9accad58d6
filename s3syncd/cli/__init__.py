"""The command line: one file per command; the only code that prints or exits.

`main` parses and calls `execute(arguments)` of the module named like the command. Client commands
(`status approve rescan pause resume reload`) talk to the daemon through `client` and import neither
boto3, awscrt nor pydantic, so that a probe may run them every few seconds.
"""
