"""Publishes events through edge.wasm: publish.py edge.wasm config.json events.ndjson"""
import json, os, sys, time
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit
from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Record, Variant

component, config, events = sys.argv[1:]
store = Store(engine := Engine())
instance = Linker(engine).instantiate(store, Component.from_file(engine, component))
publisher = instance.get_export_index(store, "action-triggers:edge/publisher@0.1.0")

def record(**members):
    made = Record()
    made.__dict__.update({name.replace("_", "-"): value for name, value in members.items()})
    return made
def call(name, *arguments):
    answer = instance.get_func(store, instance.get_export_index(store, name, publisher))(store, *arguments)
    if isinstance(answer, list) or getattr(answer, "tag", "ok") == "err":
        sys.exit(f"{name} refuses: {answer}")
    return getattr(answer, "payload", answer)
def now():
    return record(monotonic_ms=time.monotonic_ns() // 1_000_000, unix_ms=time.time_ns() // 1_000_000)
def send(request):
    url, timeout = urlsplit(request.url), getattr(request, "timeout-ms") / 1000
    try:
        connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc, timeout=timeout)
        connection.request(request.method, url.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        return Variant("answered", record(status=answer.status, headers=answer.getheaders(), body=answer.read()))
    except OSError as error:
        reasons = {ConnectionRefusedError: "unreachable", TimeoutError: "timed-out"}
        return Variant("failed", record(reason=reasons.get(type(error), "lost"), message=str(error)))

call("configure", record(text=open(config).read(), syntax="json", files=[]))
call("start", [], os.urandom(16))
processed = call("process", open(events).read().splitlines(), now())
shown, steps = list(processed.outcomes), [processed.step]
while steps:
    step = steps.pop(0)
    shown += step.reports
    steps += [call("answer", request.id, send(request), now()) for request in step.requests]
    if not steps and (wake := getattr(step, "wake-at-ms")) is not None:
        time.sleep(max(0, wake - time.monotonic_ns() // 1_000_000) / 1000)
        steps = [call("wake", now())]
for one in shown:
    print(json.dumps(one, default=lambda value: value.__dict__))
