"""server.py: moto, the emulator of AWS, as the tests of this directory use it.

It prints the address that it listens at, and then does what each line of its
standard input says, in JSON, and answers each with one line of JSON:

    {"do": "large", "account": "1", "region": "r", "users": 9, "roles": 9, "secrets": 9}
    {"do": "kinds", "account": "1", "region": "r", "canaries": ["…"]}
    {"do": "call", "account": "1", "region": "r", "service": "iam", "operation": "create_user", "params": {}}
    {"do": "guard", "on": true}

Large fills moto's own tables in this process, for a thousand users over HTTP take a minute.
Kinds and call ask over HTTP with boto3, so that what is made is made as with AWS.
Guard has moto decide by the policies of the caller from now on.
It ends when its standard input does.
"""

import json
import os
import sys
import traceback

os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

import logging

import boto3
from moto import settings
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class World:
    """One running server, and what fills it."""

    def __init__(self):
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def client(self, service, account, region):
        client = boto3.client(service, region_name=region, endpoint_url=self.url)
        client.meta.events.register(
            "before-sign.*.*", lambda request, **_: request.headers.add_header("x-moto-account-id", account)
        )
        return client

    def do(self, order):
        what = order.pop("do")
        return {"large": self.large, "kinds": self.kinds, "call": self.call, "guard": self.guard}[what](**order)

    def call(self, account, region, service, operation, params):
        answer = getattr(self.client(service, account, region), operation)(**params)
        answer.pop("ResponseMetadata", None)
        return json.loads(json.dumps(answer, default=str))

    def guard(self, on):
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if on else float("inf")

    def large(self, account, region, users, roles, secrets):
        iam = get_backend("iam")[account]["aws"]
        read = json.dumps(statement("s3:GetObject", "arn:aws:s3:::maps/*"))
        policies = [
            iam.create_policy("", "/", json.dumps(statement(action, "*")), f"team-{i}", []).arn
            for i, action in enumerate(["s3:ListBucket", "dynamodb:GetItem", "sqs:SendMessage", "sts:AssumeRole"] * 10)
        ]
        for i in range(users):
            name = f"service-{i:04}"
            iam.create_user(region, name, "/machines/", [{"Key": "owner", "Value": f"team-{i % 20}"}])
            iam.create_access_key(name)
            iam.put_user_policy(name, "read", read)
            iam.attach_user_policy(policies[i % len(policies)], name)
        for i in range(roles):
            name = f"worker-{i:04}"
            trust = json.dumps(trusting("lambda.amazonaws.com" if i % 2 else "ecs-tasks.amazonaws.com"))
            iam.create_role(name, trust, "/", None, "", [{"Key": "team", "Value": f"team-{i % 20}"}], "3600")
            iam.put_role_policy(name, "read", read)
            iam.attach_role_policy(policies[i % len(policies)], name)
        store = get_backend("secretsmanager")[account][region]
        for i in range(secrets):
            store.create_secret(f"app/{i:03}", "made-up", None, None, [], None, None, [], False)

    def kinds(self, account, region, canaries):
        from kinds import fill

        return fill(lambda service: self.client(service, account, region), account, region, canaries)


def statement(action, resource):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def trusting(service):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}],
    }


def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # moto prints now and then
    world = World()
    print(json.dumps({"url": world.url}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = {"answer": world.do(json.loads(line))}
        except Exception as problem:  # the test says what it makes of it
            answer = {"error": f"{problem}\n{traceback.format_exc(limit=-3)}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
