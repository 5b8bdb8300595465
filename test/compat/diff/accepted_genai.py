"""The differences that accepted.py accepts of datasets, scorers, schemas of labels and prompts."""

MISSING = "a dataset that does not exist is a 404"
LIMIT = "the length of a column is enforced on every database"
PAGES = "the messages for a wrong number of items on a page are the same everywhere"
CLASH = "MLflow's message says what it does not allow"

ACCEPTED = [
    ("genai: dataset, create, name 256", "refused", LIMIT),
    ("genai: dataset, create, tags number", "dataset", "the answer has the tags as they are stored, as texts"),
    ("genai: dataset, create, unknown experiment", "refused", "the experiments of a dataset must exist"),
    ("genai: dataset, create, experiment twice", "error_code", "the message does not print SQL"),
    ("genai: dataset, GET datasets/d-nope/experiment-ids", "refused", MISSING),
    ("genai: dataset, * experiments, text", "refused", "ids of experiments are integers"),
    ("genai: records, of no*", "refused", MISSING),
    ("genai: records, delete of none", "refused", MISSING),
    ("genai: records, *page", "next_page_token", "tokens have the ids of records"),
    ("genai: records, max_results=2", "next_page_token", "tokens have the ids of records"),
    ("genai: dataset, search max 0", "message", PAGES),
    ("genai: schema, list*max_results=0", "message", PAGES),
    ("genai: dataset, filter tags.`mlflow.user` = *", "datasets", "a name in backticks is that of the tag; MLflow looks for a tag with backticks"),
    ("genai: dataset, filter schema = *", "message", "schema is no word of the grammar"),
    ("genai: dataset, filter name > *", "refused", "texts have no order here; MLflow's message says so of other comparators"),
    ("genai: scorer, register code*", "message", "the message says what to do with Millrace"),
    ("genai: scorer, register gateway", "status", "the AI gateway is not part of Millrace"),
    ("genai: scorer, list*experiment_id=*experiment_ids=*", "message", "the message is shorter"),
    ("genai: schema, create bogus type", "message", "a value outside its enum is refused as such"),
    ("genai: prompt, create as a *", "message", CLASH),
]
