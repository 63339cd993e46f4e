"""Requests over one connection, for tests that make them by the thousand."""
import http.client
import json

from service import PATIENCE, Answer


class KeptAlive:
    """A connection that is kept from one request to the next."""

    def __init__(self, service):
        self._connection = http.client.HTTPConnection(service.host, service.port, timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def request(self, method, path, json_body=None):
        body = None if json_body is None else json.dumps(json_body)
        fields = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, body, fields)
        response = self._connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
