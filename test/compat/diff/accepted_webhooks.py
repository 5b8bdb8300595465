"""The differences that accepted.py accepts of webhooks."""

ACCEPTED = [
    ("webhook: create, events none", "message", "a list without items is a missing parameter"),
    ("webhook: create, events twice", "error_code", "the message does not print SQL"),
    ("webhook: *status*", "refused", "a value outside its enum is refused as such"),
    ("webhook: create, url *", "message", "the message says which option allows networks"),
    ("webhook: update, bad url", "message", "the message says which option allows networks"),
]
