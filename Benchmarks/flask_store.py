"""An opponent for the benchmark: the lookup of a book as a Flask application has it that keeps its
answers in Flask-Caching, in the memory of its process. Its answers have the bytes of the store's.

    python flask_store.py PORT          Flask's own server, a thread a request
    gunicorn flask_store:application    a server for production
"""

import csv
import json
import os
import sys

import flask
import flask_caching

application = flask.Flask(__name__)
cache = flask_caching.Cache(application, config={
    "CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 100, "CACHE_THRESHOLD": 10_000})

with open(os.environ.get("CATALOG", "catalog.csv"), newline="") as file:
    BOOKS = {int(row["ItemNumber"]): row for row in csv.DictReader(file)}


@application.get("/lookup/<int:item>")
def lookup(item):
    body = cache.get(str(item))
    if body is None:
        book = BOOKS.get(item)
        if book is None:
            flask.abort(404)
        body = encoded(book)
        cache.set(str(item), body)
    return flask.Response(body, mimetype="application/json")


def encoded(book):
    return (
        f'{{"itemNumber":{book["ItemNumber"]},"title":{json.dumps(book["Title"])},'
        f'"topic":{json.dumps(book["Topic"])},"cost":{float(book["Cost"]):.2f},'
        f'"stock":{book["Stock"]}}}')


if __name__ == "__main__":
    import logging

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
