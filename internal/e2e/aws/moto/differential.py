"""differential.py: would botocore have sent the same requests?

Each line of standard input is a request that muster sent, in JSON. The parameters
are read back out of it by the model of the operation, botocore checks them
against the model and sends the same call with them, to nobody; then method,
address, query, body, headers that say what is called, and the scope of the
signature are compared. So are answers: botocore has to find every field in what
the tests answer with. The outcome is one JSON object.
"""

import json
import re
import sys
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import botocore.session
from botocore.parsers import create_parser
from botocore.config import Config

CLIENTS = {}


class Caught(Exception):
    """What botocore was about to send."""

    def __init__(self, request):
        self.request = request


def catch(request, **_):
    raise Caught(request)


class Plain:
    """Loads models with JSON for their protocol where they offer newer ones beside it."""

    def __init__(self, loader):
        self.loader = loader

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def load_service_model(self, *args, **kwargs):
        model = self.loader.load_service_model(*args, **kwargs)
        about = model.get("metadata", {})
        if "json" in about.get("protocols", []):
            about["protocols"], about["protocol"] = ["json"], "json"
        return model


def client(service, region):
    if (service, region) not in CLIENTS:
        CLIENTS.clear()  # requests come sorted by service, and models are large
        session = botocore.session.Session()
        session.set_credentials("AKIAMUSTERCALLER", "made-up")
        loader = session.get_component("data_loader")
        session.register_component("data_loader", Plain(loader))
        # The SDK for Go asks S3 in the region, in us-east-1 too; botocore has a setting for it.
        s3 = {"addressing_style": "path", "us_east_1_regional_endpoint": "regional"}
        made = session.create_client(service, region_name=region, config=Config(retries={"max_attempts": 0}, s3=s3, account_id_endpoint_mode="disabled"))
        made.meta.events.register("before-send.*.*", catch)
        CLIENTS[service, region] = made
    return CLIENTS[service, region]


def parameters(model, sent):
    """Reads the parameters of a request back."""
    url = urlsplit(sent["url"])
    protocol = model.service_model.metadata["protocol"]
    if protocol in ("query", "ec2"):
        return form(model.input_shape, dict(parse_qsl(sent["body"])), protocol)
    if protocol == "json":
        return json.loads(sent["body"] or "{}")
    shape, out = model.input_shape, {}
    if shape is None:
        return out
    path = model.http["requestUri"].partition("?")[0]
    pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path))
    found = re.fullmatch(pattern, url.path)
    if not found:
        raise ValueError(f"the path {url.path} is not {path}")
    query = parse_qs(url.query, keep_blank_values=True)
    body = json.loads(sent["body"]) if sent["body"] else {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        place = member.serialization.get("location")
        if place == "uri":
            out[name] = typed(member, unquote(found[wire]))
        elif place == "querystring" and wire in query:
            out[name] = typed(member, query.pop(wire)[0])
        elif place is None and wire in body:
            out[name] = body.pop(wire)
    if body:
        raise ValueError(f"the body has what the model does not know: {sorted(body)}")
    return out


def form(shape, have, protocol):
    out = {}
    have.pop("Action"), have.pop("Version")
    for name, member in (shape.members if shape else {}).items():
        wire = member.serialization.get("queryName" if protocol == "ec2" else "name", name)
        wire = member.serialization.get("name", name) if wire == name else wire
        if member.type_name == "list":
            prefix = wire + ("." if protocol == "ec2" else ".member.")
            some = [k for k in have if k.startswith(prefix)]
            if some:
                out[name] = [have.pop(f"{prefix}{i + 1}") for i in range(len(some))]
        else:
            for key in {wire, wire[0].upper() + wire[1:]}:
                if key in have:
                    out[name] = typed(member, have.pop(key))
    if have:
        raise ValueError(f"the form has what the model does not know: {sorted(have)}")
    return out


def typed(shape, text):
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name == "boolean":
        return text == "true"
    return text


def scope(headers):
    value = headers.get("Authorization")
    value = value.decode() if isinstance(value, bytes) else value
    return re.search(r"Credential=[^/]+/\d+/([^,]+)", value)[1]


def text(value):
    return value.decode() if isinstance(value, bytes) else (value or "")


def parts(method, url, headers, body):
    """What of a request is compared."""
    u = urlsplit(url)
    kind = text(headers.get("Content-Type")).partition(";")[0]
    if kind == "application/x-www-form-urlencoded":
        body = sorted(parse_qsl(body, keep_blank_values=True))
    elif body:
        body = json.loads(body)
    return {
        "method": method, "host": u.netloc, "path": u.path or "/", "query": sorted(parse_qsl(u.query, keep_blank_values=True)),
        "type": kind if body else "", "target": text(headers.get("X-Amz-Target")), "body": body or {}, "scope": scope(headers),
    }


def compare(sent):
    made = client(sent["service"], sent["region"])
    model = made.meta.service_model.operation_model(sent["operation"])
    given = parameters(model, sent)
    try:
        made._make_api_call(sent["operation"], given)
    except Caught as caught:
        r = caught.request
    ours = parts(sent["method"], sent["url"], {k: v[0] for k, v in sent["header"].items()}, sent["body"])
    theirs = parts(r.method, r.url, r.headers, text(r.body))
    for what, want in theirs.items():
        if ours[what] != want:
            yield f"{what} is {ours[what]!r}, and botocore's {want!r}"
    yield from bounds(model, given)
    yield from answer(model, sent["answer"])


def bounds(model, given):
    """Botocore checks the least only."""
    for name, value in given.items():
        most = model.input_shape.members[name].metadata.get("max")
        size = value if isinstance(value, int) else len(value)
        if most is not None and not isinstance(value, bool) and size > most:
            yield f"{name} is {size}, and at most {most}"


def answer(model, body):
    """Botocore has to find in an answer of the tests what the model has."""
    shape = model.output_shape
    if shape is None or shape.serialization.get("payload"):
        return
    parsed = create_parser(model.service_model.metadata["protocol"]).parse(
        {"status_code": 200, "headers": {}, "body": body.encode()}, shape
    )
    for name in shape.members:
        if name not in parsed and not re.search("token|marker|location", name, re.I) and shape.members[name].serialization.get("location") is None:
            yield f"the answer of the tests has no {name}"


def main():
    problems, compared = set(), 0
    for line in sys.stdin:
        sent = json.loads(line)
        compared += 1
        try:
            for problem in compare(sent):
                problems.add(f"{sent['service']}:{sent['operation']} in {sent['region']}: {problem}")
        except Exception as problem:
            problems.add(f"{sent['service']}:{sent['operation']} in {sent['region']}: {type(problem).__name__}: {problem}")
    json.dump({"compared": compared, "problems": sorted(problems)}, sys.stdout)


if __name__ == "__main__":
    main()
